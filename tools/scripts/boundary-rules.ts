import type { IForbiddenRuleType } from 'dependency-cruiser';

/** The folders that each folder of host/src may import, beside itself. */
export const folders: Readonly<Record<string, readonly string[]>> = {
  core: [],
  ledger: ['core'],
  contract: ['core'],
  wasm: ['core', 'contract'],
  mcp: ['core'],
  egress: ['core', 'contract'],
  identity: ['core', 'contract', 'hook'],
  state: ['core'],
  config: ['core', 'contract'],
  source: ['core', 'contract'],
  verify: ['core', 'contract', 'wasm'],
  lockfile: ['core', 'contract', 'config', 'source'],
  capability: ['core', 'ledger', 'contract', 'state', 'egress'],
  hook: ['core', 'ledger', 'contract', 'mcp'],
  upstream: ['core', 'mcp', 'identity', 'egress', 'state'],
  connect: ['core', 'mcp', 'identity', 'upstream'],
  runtime: ['core', 'contract', 'wasm', 'capability'],
  plugin: ['core', 'contract', 'mcp', 'wasm', 'config', 'source', 'verify', 'lockfile', 'capability', 'runtime'],
  gateway: ['core', 'contract', 'mcp', 'hook', 'upstream', 'identity'],
  http: ['core', 'mcp', 'hook', 'gateway', 'identity', 'connect'],
  admin: ['core'],
  telemetry: ['core', 'mcp', 'hook', 'upstream', 'gateway', 'http'],
  host: ['*'],
  doctor: ['*'],
  public: ['*'],
  command: ['core', 'ledger', 'config', 'identity', 'capability', 'lockfile', 'plugin', 'host', 'doctor'],
};

/** Subfolders that may import other folders than their parent may. */
const inner: Readonly<Record<string, readonly string[]>> = {
  'mcp/revision': ['core', 'identity', 'state', 'mcp'],
};

/** Modules that only some folders may import, so that others go through these folders, or that only tests may import. */
const kept: readonly { readonly modules: readonly string[]; readonly by: readonly string[] }[] = [
  { modules: ['hono', '@hono/[^/]+'], by: ['http'] },
  { modules: ['@modelcontextprotocol/[^/]+'], by: [] },
  { modules: ['@bytecodealliance/[^/]+'], by: ['runtime/wasm'] },
  { modules: ['@opentelemetry/[^/]+'], by: ['telemetry'] },
  { modules: ['@seriousme/[^/]+'], by: ['upstream/openapi/document'] },
  { modules: ['worker_threads'], by: ['runtime/wasm', 'state/sqlite'] },
];

/** Code that runs on lane threads. A guest that escaped its sandbox could use everything a lane loads. */
const capabilityInLane = 'capability/(lane|[a-z-]+/lane)[/.-]';
const inLane = `^host/src/(${capabilityInLane}|runtime/wasm/lane/)`;
/** Node modules that lanes need: `module` saves compiled code, `crypto` generates random bytes. */
const nodeInLane = ['crypto', 'events', 'module', 'process', 'vm', 'worker_threads'];

const test = '\\.(test|case)\\.ts$';

/** Returns the tables as rules for dependency-cruiser. Type-only imports count like all others. */
export const rules: IForbiddenRuleType[] = [
  ...Object.entries({ ...folders, ...inner })
    .filter(([, others]) => !others.includes('*'))
    .map(([folder, others]) => {
      return {
        name: `${folder.replace('/', '-')}-imports`,
        comment: `${folder} may import ${others.length === 0 ? 'nothing of ours' : others.join(', ')}`,
        severity: 'error' as const,
        from: {
          path: `^host/src/${folder}/`,
          pathNot: Object.keys(inner)
            .filter(name => name.startsWith(`${folder}/`))
            .map(name => `^host/src/${name}/`),
        },
        to: { path: '^host/src/', pathNot: `^host/src/(${[folder, ...others].join('|')})/` },
      };
    }),
  ...kept.map(({ modules, by }) => ({
    name: `kept-by-${by.join('-').replaceAll('/', '-') || 'tests'}`,
    comment: `only ${by.join(' and ') || 'tests'} may import ${modules.join(', ').replaceAll('[^/]+', '*')}`,
    severity: 'error' as const,
    from: { path: '^host/src/', pathNot: by.length === 0 ? test : `^host/src/(${by.join('|')})/|${test}` },
    // A module is a folder in node_modules or a Node built-in.
    to: { path: `(^|node_modules/)(${modules.join('|')})(/|$)`, pathNot: '^(host|tools|test)/' },
  })),
  {
    name: 'lanes-stand-alone',
    comment:
      'lane code may reach, directly or not, no package, nothing of the gateway but core, and of Node only ' +
      nodeInLane.join(', '),
    severity: 'error',
    from: { path: inLane, pathNot: test },
    to: {
      reachable: true,
      pathNot: `^(host/src/(core/|contract/|egress/(forbidden-headers|request)\\.ts$|state/(kv(-table)?\\.ts$|memory/shared/|sqlite/lane/)|${capabilityInLane}|runtime/)|(node:)?(${nodeInLane.join('|')})$)`,
    },
  },
  {
    name: 'revisions-stand-alone',
    comment: 'a revision of MCP imports no other revision',
    severity: 'error',
    from: { path: '^host/src/mcp/revision/([^/]+)/' },
    to: { path: '^host/src/mcp/revision/[^/]+/', pathNot: '^host/src/mcp/revision/$1/' },
  },
  {
    name: 'host-stands-alone',
    comment: 'the host imports nothing from tools, examples and test; only its tests may',
    severity: 'error',
    from: { path: '^host/', pathNot: test },
    to: { path: '^(tools|examples|test)/' },
  },
  {
    name: 'tools-use-what-is-public',
    comment:
      'tools reach the host by its package, whose exports are listed in host/package.json; only their tests may not',
    severity: 'error',
    from: { path: '^tools/', pathNot: test },
    to: {
      path: '^host/',
      pathNot: '^host/src/(public/|core/code-cache\\.js$|runtime/wasm/compile/transpile-child\\.ts$)',
    },
  },
  {
    name: 'tests-are-not-imported',
    comment: 'only tests may import tests, cases and fixtures',
    severity: 'error',
    from: { path: '^(host|tools|examples)/', pathNot: test },
    to: { path: `${test}|^test/|node_modules/vitest/` },
  },
  {
    name: 'entry-is-not-imported',
    comment: 'an entry only reads argv and handles signals; everything else belongs in other files',
    severity: 'error',
    from: {},
    to: { path: '^tools/[^/]+/(src/main\\.ts|bin/.+)$' },
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
    comment: 'the imported module cannot be resolved',
    severity: 'error',
    from: {},
    // Modules that a build generates for one plugin are not files.
    to: { couldNotResolve: true, pathNot: '^sallyport:' },
  },
];
