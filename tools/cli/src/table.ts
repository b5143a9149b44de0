import type { Command, Entry } from './command.ts';

/** A file of `command/`, loaded when it is run or listed. */
type Load = () => Promise<{ readonly command: Command }>;

export interface Group {
  readonly summary: string;
  readonly commands: Table;
}

export interface Table {
  readonly [name: string]: Load | Group;
}

/** All subcommands, in the order of `--help`. To add one, add a file to `command/` and a line here. */
export const table: Table = {
  serve: () => import('./command/serve.ts'),
  check: () => import('./command/check.ts'),
  doctor: () => import('./command/doctor.ts'),
  lock: () => import('./command/lock.ts'),
  grants: () => import('./command/grants.ts'),
  plugin: {
    summary: 'develop plugins: create, build, test, sign, publish and inspect them',
    commands: {
      new: () => import('./command/plugin/new.ts'),
      build: () => import('./command/plugin/build.ts'),
      test: () => import('./command/plugin/test.ts'),
      dev: () => import('./command/plugin/dev.ts'),
      sign: () => import('./command/plugin/sign.ts'),
      verify: () => import('./command/plugin/verify.ts'),
      inspect: () => import('./command/plugin/inspect.ts'),
      pack: () => import('./command/plugin/pack.ts'),
      unpack: () => import('./command/plugin/unpack.ts'),
      push: () => import('./command/plugin/push.ts'),
      pull: () => import('./command/plugin/pull.ts'),
      tags: () => import('./command/plugin/tags.ts'),
      copy: () => import('./command/plugin/copy.ts'),
      'attach-signature': () => import('./command/plugin/attach-signature.ts'),
    },
  },
  key: {
    summary: 'manage API keys of callers: create, list and revoke them',
    commands: {
      new: () => import('./command/key/new.ts'),
      list: () => import('./command/key/list.ts'),
      revoke: () => import('./command/key/revoke.ts'),
    },
  },
  admin: {
    summary: 'watch and change a running gateway over its management API',
    commands: {
      status: () => import('./command/admin/status.ts'),
      config: () => import('./command/admin/config.ts'),
      plugins: () => import('./command/admin/plugins.ts'),
      stats: () => import('./command/admin/stats.ts'),
      reset: () => import('./command/admin/reset.ts'),
      enable: () => import('./command/admin/enable.ts'),
      disable: () => import('./command/admin/disable.ts'),
      mode: () => import('./command/admin/mode.ts'),
      reload: () => import('./command/admin/reload.ts'),
      upstreams: () => import('./command/admin/upstreams.ts'),
      bindings: () => import('./command/admin/bindings.ts'),
      sessions: () => import('./command/admin/sessions.ts'),
      'end-session': () => import('./command/admin/end-session.ts'),
      register: () => import('./command/admin/register.ts'),
      update: () => import('./command/admin/update.ts'),
      unregister: () => import('./command/admin/unregister.ts'),
      principals: () => import('./command/admin/principals.ts'),
    },
  },
  account: {
    summary: 'manage the accounts that users have connected at upstreams: list and revoke them',
    commands: {
      list: () => import('./command/account/list.ts'),
      revoke: () => import('./command/account/revoke.ts'),
    },
  },
  audit: {
    summary: 'verify and read the audit log, and print the public key of its signatures',
    commands: {
      verify: () => import('./command/audit/verify.ts'),
      show: () => import('./command/audit/show.ts'),
      key: () => import('./command/audit/key.ts'),
    },
  },
  import: {
    summary: 'write a configuration from files of other programs',
    commands: {
      'mcp-json': () => import('./command/import/mcp-json.ts'),
      'server-json': () => import('./command/import/server-json.ts'),
    },
  },
  keygen: () => import('./command/keygen.ts'),
  login: () => import('./command/login.ts'),
  logout: () => import('./command/logout.ts'),
  registry: () => import('./command/registry.ts'),
  completion: () => import('./command/completion.ts'),
};

/** Loads all subcommands below a table. */
export async function entriesOf(below: Table, path: readonly string[] = []): Promise<readonly Entry[]> {
  const entries = Object.entries(below).map(async ([name, each]) => {
    const here = [...path, name];
    return typeof each === 'function'
      ? [{ path: here, command: (await each()).command }]
      : entriesOf(each.commands, here);
  });
  return (await Promise.all(entries)).flat();
}
