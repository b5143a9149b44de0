import type { IForbiddenRuleType } from 'dependency-cruiser';

/** What each folder of host/src may import, beside itself. host.ts, above the folders, may import all. */
export const folders: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ['core'],
  source: ['core'],
  verify: ['core'],
  capability: ['core'],
  hook: ['core'],
  upstream: ['core'],
  sandbox: ['core', 'verify', 'capability'],
  plugin: ['core', 'config', 'source', 'verify', 'capability', 'hook', 'sandbox'],
  gateway: ['core', 'hook', 'upstream'],
  command: ['core', 'config', 'capability', 'verify', 'plugin'],
};

/** The commands of the command line stand above host.ts; all other folders below it. */
const aboveHost = ['command'];

/** Modules that one folder keeps to itself: whoever needs what they do asks that folder. */
const kept: readonly { readonly modules: readonly string[]; readonly by: string }[] = [
  { modules: ['hono', '@hono/[^/]+'], by: 'gateway' },
  { modules: ['@modelcontextprotocol/[^/]+'], by: 'upstream' },
  { modules: ['@bytecodealliance/[^/]+', 'worker_threads'], by: 'sandbox' },
];

/** What runs on the threads of lanes. Each lane loads it, and whoever broke out of a guest is among it. */
const inLane = '^host/src/(capability|sandbox)/lane/';
/** Of Node, what lanes need: `module` writes down compiled code, and `crypto` draws random bytes. */
const nodeInLane = ['crypto', 'events', 'module', 'process', 'vm', 'worker_threads'];

const test = '\\.(test|case)\\.ts$';

/** The tables as rules of dependency-cruiser. Type-only imports count like all others. */
export const rules: IForbiddenRuleType[] = [
  ...Object.entries(folders).map(([folder, others]) => ({
    name: `${folder}-imports`,
    comment: `${folder} may import ${others.length === 0 ? 'nothing of ours' : others.join(', ')}`,
    severity: 'error' as const,
    from: { path: `^host/src/${folder}/` },
    to: {
      path: '^host/src/',
      pathNot: `^host/src/(${[folder, ...others].map(each => `${each}/`).join('|')}${aboveHost.includes(folder) ? '|host\\.ts$' : ''})`,
    },
  })),
  ...kept.map(({ modules, by }) => ({
    name: `kept-by-${by}`,
    comment: `only ${by} may import ${modules.join(', ').replaceAll('[^/]+', '*')}`,
    severity: 'error' as const,
    from: { path: '^host/src/', pathNot: `^host/src/${by}/|${test}` },
    // A module is a folder of node_modules, or one of Node's own.
    to: { path: `(^|node_modules/)(${modules.join('|')})(/|$)`, pathNot: '^(host|tools|test)/' },
  })),
  {
    name: 'lanes-stand-alone',
    comment:
      'what runs in a lane reaches, by whatever it imports, no package, nothing of the gateway but core, and of Node ' +
      nodeInLane.join(', '),
    severity: 'error',
    from: { path: inLane, pathNot: test },
    to: {
      reachable: true,
      pathNot: `^(host/src/(core|capability/lane|sandbox)/|(node:)?(${nodeInLane.join('|')})$)`,
    },
  },
  {
    name: 'host-stands-alone',
    comment: 'the host imports nothing from tools and test; only its tests may',
    severity: 'error',
    from: { path: '^host/', pathNot: test },
    to: { path: '^(tools|test)/' },
  },
  {
    name: 'tests-are-not-imported',
    comment: 'only tests import tests, cases and what is made for them',
    severity: 'error',
    from: { path: '^(host|tools)/', pathNot: test },
    to: { path: `${test}|^test/|node_modules/vitest/` },
  },
  {
    name: 'entry-is-not-imported',
    comment: 'an entry reads argv and handles signals; what else is in there belongs elsewhere',
    severity: 'error',
    from: {},
    to: { path: '^(host/src/main\\.ts|tools/[^/]+/(src/main\\.ts|bin/.+))$' },
  },
  {
    name: 'no-circle',
    comment: 'no circular imports',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'resolved',
    comment: 'what cannot be found cannot be judged',
    severity: 'error',
    from: {},
    // What a build makes for one plugin is no file.
    to: { couldNotResolve: true, pathNot: '^sallyport:' },
  },
];
