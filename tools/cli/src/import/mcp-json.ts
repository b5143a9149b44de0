import { Fault } from '@sallyport/host/core';
import { z } from 'zod';
import { ClientTexts, type Input } from './client-text.ts';
import { ImportDraft } from './import-draft.ts';
import type { Imported, Text } from './imported.ts';
import { parseJsonWithComments } from './json-with-comments.ts';

const texts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));

/** A server as clients write it. Members that nothing here reads are reported, and so is what clients add. */
const server = z.looseObject({
  type: z.string().optional(),
  transport: z.string().optional(),
  command: z.string().min(1).optional(),
  args: z.array(z.union([z.string(), z.number()]).transform(String)).default([]),
  env: texts.default({}),
  cwd: z.string().optional(),
  url: z.string().optional(),
  /** Gemini CLI and Windsurf have names of their own for it. */
  httpUrl: z.string().optional(),
  serverUrl: z.string().optional(),
  headers: texts.default({}),
  disabled: z.boolean().optional(),
  enabled: z.boolean().optional(),
});
type Server = z.output<typeof server>;

const input = z.looseObject({
  id: z.string(),
  description: z.string().optional(),
  password: z.boolean().optional(),
  default: z.string().optional(),
});

const kinds = new Map<string, 'stdio' | 'http' | 'sse'>(
  Object.entries({
    ...{ stdio: 'stdio', local: 'stdio', http: 'http', sse: 'sse' },
    ...{ 'streamable-http': 'http', streamableHttp: 'http', streamable_http: 'http', remote: 'http' },
  }),
);

/** Members of a client's own, and why they are left out. */
const reasons = new Map(
  Object.entries({
    ...{
      alwaysAllow: 'a client asks its user, a gateway has `allow` rules',
      autoApprove: 'a client asks its user, a gateway has `allow` rules',
    },
    ...{ envFile: 'put its variables into the environment of the gateway', trust: 'it concerns the client only' },
    ...{ oauth: 'configure `auth` of the upstream', auth: 'configure `auth` of the upstream' },
    ...{ headersHelper: 'configure `auth` of the upstream', authProviderType: 'configure `auth` of the upstream' },
    ...{ timeout: 'set `timeout_ms`, in milliseconds', disabledTools: 'use `allow` of the binding' },
    ...{ includeTools: 'use `allow` of the binding', excludeTools: 'use `allow` of the binding' },
    ...{ tools: 'use `allow` of the binding', description: 'upstreams have none', name: 'the id is used' },
  }),
);

/**
 * Reads the servers of a client's file: `mcpServers` of Claude, Cursor and others, `servers` and `inputs` of VS Code.
 * @throws Fault, Faults `import_invalid`
 */
export function importMcpJson(text: string, file: string): Imported {
  const parsed = z.record(z.string(), z.unknown()).safeParse(parseJsonWithComments(text, file));
  if (!parsed.success) throw new Fault('import_invalid', { file, what: 'expected an object' });
  const draft = new ImportDraft(file, new Set([...text.matchAll(/\$\{(?:env:)?(\w+)/g)].map(([, name = '']) => name)));
  const { path, members } = placeOf(parsed.data, file);
  const inputs = inputsOf(members.inputs, draft);
  const servers = z.record(z.string(), z.unknown()).safeParse(members[path.at(-1) ?? '']);
  if (!servers.success) throw new Fault('import_invalid', { file, path: path.join('.'), what: 'expected an object' });
  for (const [name, value] of Object.entries(servers.data)) {
    const each = server.safeParse(value);
    const place = [...path, name].join('.');
    if (each.success) readServer(draft, name, place, each.data, inputs);
    else for (const issue of each.error.issues) draft.problem([place, ...issue.path].join('.'), issue.message);
  }
  for (const name of Object.keys(parsed.data).filter(each => !['inputs', path[0], '$schema'].includes(each))) {
    draft.note('the file', name, 'it describes no servers that are imported');
  }
  return draft.finish();
}

/** Finds the member that has the servers. */
function placeOf(file: Record<string, unknown>, name: string) {
  const { mcp } = file;
  if (typeof mcp === 'object' && mcp !== null && 'servers' in mcp)
    return { path: ['mcp', 'servers'], members: { ...mcp } as Record<string, unknown> };
  const [found, ...others] = ['mcpServers', 'servers'].filter(each => each in file);
  if (found === undefined || others.length > 0) {
    const what = found === undefined ? 'it has neither mcpServers nor servers' : 'it has both mcpServers and servers';
    throw new Fault('import_invalid', { file: name, what });
  }
  return { path: [found], members: file };
}

function inputsOf(written: unknown, draft: ImportDraft): ReadonlyMap<string, Input> {
  const inputs = z.array(input).safeParse(written ?? []);
  if (!inputs.success)
    for (const { path, message } of inputs.error.issues) draft.problem(['inputs', ...path].join('.'), message);
  return new Map((inputs.data ?? []).map(each => [each.id, each]));
}

/** How a server is reached, if the entry is consistent. */
function reachOf(
  entry: Server,
): { readonly kind: 'stdio' | 'http' | 'sse'; readonly url: string } | { readonly problem: string } {
  const { command } = entry;
  const url = entry.url ?? entry.httpUrl ?? entry.serverUrl;
  const stated = entry.type ?? entry.transport;
  const kind = stated === undefined ? (command === undefined ? 'http' : 'stdio') : kinds.get(stated);
  if (kind === undefined) return { problem: `unknown type ${stated}: expected stdio, http or sse` };
  if (command !== undefined && url !== undefined) return { problem: 'it has both a command and a URL' };
  if (kind === 'stdio') return command === undefined ? { problem: 'expected a command' } : { kind, url: '' };
  if (url !== undefined) return { kind, url };
  return { problem: stated === undefined ? 'expected a command or a URL' : 'expected a URL' };
}

function readServer(
  draft: ImportDraft,
  name: string,
  place: string,
  entry: Server,
  inputs: ReadonlyMap<string, Input>,
): void {
  const reach = reachOf(entry);
  if ('problem' in reach) {
    draft.problem(place, reach.problem);
  } else if (entry.disabled === true || entry.enabled === false) {
    draft.note(name, 'the server', 'it is disabled');
  } else if (reach.kind === 'sse') {
    draft.note(name, 'the server', 'the transport HTTP+SSE is not supported: look for its URL for streamable HTTP');
  } else {
    const others = Object.keys(entry).filter(member => !Object.hasOwn(server.shape, member));
    for (const member of others) draft.note(name, member, reasons.get(member) ?? 'there is no such setting');
    const id = draft.id(name);
    const read = new ClientTexts(draft, id, inputs);
    if (reach.kind === 'stdio') draft.add({ id, stdio: readCommand(entry, read) });
    else
      draft.add({ id, ...readHeaders(draft, id, entry.headers, read, read.place(`${id}_url`, reach.url, 'the URL')) });
  }
}

function readCommand({ command = '', args, env, cwd }: Server, read: ClientTexts) {
  const values = Object.entries(env).map(([key, value]) => [key, read.value(key, value, `env ${key}`)] as const);
  return {
    command: read.place('command', command, 'the command'),
    args: read.args(args),
    env: Object.fromEntries(values),
    ...(cwd !== undefined && { cwd: read.place('cwd', cwd, 'cwd') }),
  };
}

/** The credential of `Authorization` becomes a secret, other headers have variables. */
function readHeaders(
  draft: ImportDraft,
  id: string,
  headers: Readonly<Record<string, string>>,
  read: ClientTexts,
  url: Text,
) {
  const entries = Object.entries(headers);
  const credential = entries.find(([name]) => name.toLowerCase() === 'authorization');
  const values = entries
    .filter(each => each !== credential)
    .map(([name, value]) => [name, read.value(`${id}_${name}`, value, `header ${name}`)] as const);
  const http = { url, headers: Object.fromEntries(values) };
  if (credential === undefined) return { http };
  const [, scheme = '', rest = ''] = /^(?:([A-Za-z0-9-]+) +)?(.*)$/s.exec(credential[1]) ?? [];
  const [variable, ...others] = read.value(`${id}_token`, rest, 'header Authorization');
  if (others.length > 0 || variable === undefined || typeof variable === 'string') {
    const header = read.value(`${id}_authorization`, credential[1], 'header Authorization');
    return { http: { url, headers: { ...http.headers, [credential[0]]: header } } };
  }
  return { http, auth: { static: { secret: draft.secret(id, variable), scheme } } };
}
