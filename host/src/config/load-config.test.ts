// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the file are what is tested
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Faults, toFaults } from '../core/fault.ts';
import { type ConfigWarning, loadConfig } from './load-config.ts';

const grants = z.strictObject({ clock: z.strictObject({}).optional(), outbound_http: z.strictObject({}).optional() });
const secret = 'hunter2-hunter2';
const env = { HOST_NAME: 'gateway.example.com', SECRET: secret, EMPTY: '', YAML: 'x\nlisten: 0.0.0.0:1', PORT: '9' };

let folder = '';
const file = () => join(folder, 'sallyport.yaml');
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-config-'));
  await writeFile(join(folder, 'acme.pem'), 'PEM of acme');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function load(text: string, warnings: ConfigWarning[] = []) {
  await writeFile(file(), text);
  return loadConfig(file(), { grants, env, warn: warning => warnings.push(warning) });
}
const problemsOf = async (text: string) => {
  const thrown = await load(text).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(Faults);
  return toFaults(thrown).map(({ code, details: { file: _, ...details } }) => ({ code, ...details }));
};

const upstreams = 'upstreams:\n  - id: up\n    stdio: { command: cat }\n';
const bindings = 'bindings:\n  - id: main\n    upstreams: [up]\n';
const plugin = 'plugins:\n  - id: redact\n    source: { file: ./redact.wasm }\n';

describe('sallyport.yaml', () => {
  it('[CFG-01] has this form', async () => {
    const config = await load(`
listen: 127.0.0.1:8787
plugins:
  - id: redact-emails
    source:
      oci: ghcr.io/acme/redact-emails:0.1.0
      public_key: |
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEA
        -----END PUBLIC KEY-----
    grants: {}
    config: { replacement: "[redacted]" }
upstreams:
  - id: everything
    stdio: { command: npx, args: ["-y", "@modelcontextprotocol/server-everything"] }
bindings:
  - id: support
    upstreams: [everything]
    transforms: [redact-emails]
`);
    expect(config).toMatchObject({
      listen: '127.0.0.1:8787',
      log: { level: 'info' },
      require_signed_plugins: true,
      plugin_settings: { parallel_execution_within_band: false },
      trust: { keys: [], revoked_digests: [] },
      cache_dir: join(homedir(), '.cache/sallyport'),
      limits: { body_bytes: 4_194_304, lanes: expect.any(Number), plugin: { memory_mib: 64, timeout_ms: 1000 } },
      plugins: [
        {
          id: 'redact-emails',
          source: { oci: 'ghcr.io/acme/redact-emails:0.1.0', public_key: expect.stringContaining('MCowBQYDK2VwAyEA') },
          grants: {},
          config: { replacement: '[redacted]' },
          priority: 100,
          on_error: { trap: 'deny', timeout: 'deny', limit: 'deny', invalid_output: 'deny', unavailable: 'deny' },
        },
      ],
      upstreams: [{ id: 'everything', required: true, stdio: { command: 'npx', env: {} } }],
      bindings: [{ id: 'support', upstreams: ['everything'], transforms: ['redact-emails'], default: true }],
    });
  });

  it('[CFG-04] resolves what is relative against its own folder, and reads key files', async () => {
    const config = await load(`
trust:
  keys: [{ id: acme, file: acme.pem, scopes: ['ghcr.io/acme/*'] }]
cache_dir: ./cache
plugins:
  - { id: one, source: { file: ./one.wasm, public_key_file: ./acme.pem } }
  - { id: two, source: { oci_layout: layout } }
upstreams:
  - { id: up, stdio: { command: ./server, cwd: work } }
  - { id: web, http: { url: 'http://127.0.0.1:9/mcp' }, timeout_ms: 5 }
bindings:
  - { id: a, upstreams: [up], transforms: [one, two] }
  - { id: b, upstreams: [web], default: true }
`);
    expect(config.trust.keys).toEqual([
      { id: 'acme', pem: 'PEM of acme', scopes: ['ghcr.io/acme/*'], status: 'active' },
    ]);
    expect(config.cache_dir).toBe(join(folder, 'cache'));
    expect(config.plugins.map(({ source }) => source)).toEqual([
      { file: join(folder, 'one.wasm'), public_key: 'PEM of acme' },
      { oci_layout: join(folder, 'layout') },
    ]);
    expect(config.upstreams).toMatchObject([
      { stdio: { command: './server', cwd: join(folder, 'work') } },
      { http: { url: 'http://127.0.0.1:9/mcp', headers: {} }, timeout_ms: 5 },
    ]);
    expect(config.bindings.map(binding => binding.default)).toEqual([false, true]);
  });

  it('[CFG-01] takes on_error as a word or for each cause', async () => {
    const config = await load(
      `plugins:
  - { id: a, source: { oci: r/a:1 }, on_error: ignore }
  - { id: b, source: { oci: r/b:1 }, on_error: { timeout: disable, trap: ignore } }
${upstreams}${bindings}    transforms: [a, b]`,
    );
    expect(config.plugins.map(entry => entry.on_error)).toEqual([
      {
        trap: 'ignore',
        timeout: 'ignore',
        limit: 'ignore',
        invalid_output: 'ignore',
        unavailable: 'ignore',
        merge: 'ignore',
      },
      { trap: 'ignore', timeout: 'disable', limit: 'deny', invalid_output: 'deny', unavailable: 'deny', merge: 'deny' },
    ]);
  });

  it('[CFG-91] plugin_settings state defaults, which a plugin can state otherwise', async () => {
    const warnings: ConfigWarning[] = [];
    const config = await load(
      `plugin_settings: { plugin_timeout: 0.25, fail_on_plugin_error: false, plugin_health_check_interval: 30 }
plugins:
  - { id: a, source: { oci: r/a:1 } }
  - { id: b, source: { oci: r/b:1 }, on_error: { timeout: deny }, breaker: { open_ms: 5 } }
  - { id: c, source: { oci: r/c:1 }, on_error: disable }
${upstreams}${bindings}    transforms: [a, b, c]`,
      warnings,
    );
    expect(config.limits.plugin.timeout_ms).toBe(250);
    const [a, b, c] = config.plugins;
    expect(a).toMatchObject({
      on_error: { trap: 'ignore', merge: 'ignore' },
      breaker: { failures: 20, open_ms: 30_000 },
    });
    expect(b).toMatchObject({ on_error: { trap: 'ignore', timeout: 'deny' }, breaker: { failures: 20, open_ms: 5 } });
    expect(c).toMatchObject({ on_error: { trap: 'disable', timeout: 'disable' } });
    expect(warnings).toMatchObject([{ path: 'plugin_settings.fail_on_plugin_error', line: 1 }]);
  });

  it('[CFG-06] warns of a plugin that nothing uses', async () => {
    const warnings: ConfigWarning[] = [];
    await load(`${plugin}${upstreams}${bindings}`, warnings);
    expect(warnings).toEqual([
      {
        line: 2,
        column: 5,
        path: 'plugins.0',
        message: 'no binding uses the plugin redact, nor does `identity` or `federation`',
      },
    ]);
  });
});

describe('variables', () => {
  const argumentsOf = async (args: string) => {
    const config = await load(`upstreams:\n  - id: up\n    stdio:\n      command: cat\n${args}${bindings}`);
    return config.upstreams[0]?.stdio?.args;
  };
  it.each([
    { what: 'a value', text: '${HOST_NAME}', value: 'gateway.example.com' },
    { what: 'a value within a text', text: 'a.${HOST_NAME}:${PORT}', value: 'a.gateway.example.com:9' },
    { what: 'a default', text: '${NOT_THERE:-other.example.com}', value: 'other.example.com' },
    { what: 'a default for an empty one', text: '${EMPTY:-other}', value: 'other' },
    { what: 'a value before its default', text: '${PORT:-other}', value: '9' },
    { what: 'the characters themselves', text: '$${HOST_NAME} $1 $', value: '${HOST_NAME} $1 $' },
    { what: 'YAML in a value as text', text: '${YAML}', value: env.YAML },
    { what: 'a default of a default', text: '${NOT_THERE:-${EMPTY:-${PORT}}}!', value: '9!' },
    { what: 'a value before a default of a default', text: '${PORT:-${NOT_THERE}}', value: '9' },
    { what: 'a default with a pair of braces', text: '${NOT_THERE:-{"a":{}}}', value: '{"a":{}}' },
    { what: 'a value before a default with braces', text: '${PORT:-{"a":{}}}', value: '9' },
    { what: 'a default up to its brace', text: '${NOT_THERE:-a}b}', value: 'ab}' },
    { what: 'a default with the characters themselves', text: '${NOT_THERE:-$${X}}', value: '${X}' },
    { what: 'braces of no variable', text: '{"a":{}}', value: '{"a":{}}' },
  ])('[CFG-03] give $what', async ({ text, value }) => {
    expect(await argumentsOf(`      args:\n        - '${text}'\n`)).toEqual([value]);
  });

  it('[CFG-03] are left alone in comments and names', async () => {
    expect(await argumentsOf('# ${NOT_THERE}\n      args: [a] # ${\n')).toEqual(['a']);
  });

  it.each([
    { what: 'one that is not set', text: 'x${NOT_THERE}', says: /no variable NOT_THERE/ },
    { what: 'one without an end', text: '${HOST_NAME', says: /not followed by a variable/ },
    { what: 'one without a name', text: '${}', says: /not followed by a variable/ },
    { what: 'one in a default that counts', text: '${EMPTY:-${NOT_THERE}}', says: /no variable NOT_THERE/ },
    {
      what: 'one without a name in a default that does not count',
      text: '${PORT:-${}}',
      says: /not followed by a variable/,
    },
    { what: 'a default without an end', text: '${PORT:-{}', says: /default of \$\{PORT:-…\} has no \} at its end/ },
    { what: 'defaults without end', text: '${A:-'.repeat(5000), says: /nested too deeply/ },
  ])('[CFG-03] are refused for $what, with the place', async ({ text, says }) => {
    expect(await problemsOf(`${upstreams}${bindings}allowed_hosts: [ok, '${text}']\n`)).toContainEqual({
      ...{ code: 'config_invalid', line: 7, column: 21, path: 'allowed_hosts.1' },
      message: expect.stringMatching(says),
    });
  });

  it('[CFG-03] are named in messages in the place of their values', async () => {
    const problems = await problemsOf(
      `${plugin.replace('./redact.wasm', 'x, public_key_file: "${SECRET}"')}${upstreams}bindings:
  - { id: "\${SECRET}X", upstreams: ["\${SECRET}", "\${SECRET}"] }
`,
    );
    expect(problems.length).toBeGreaterThan(3);
    expect(JSON.stringify(problems)).not.toContain(secret);
    expect(JSON.stringify(problems)).toContain('unknown upstream: ${SECRET}');
  });
});

interface Wrong {
  readonly what: string;
  readonly text: string;
  readonly at: readonly [line: number, column: number, path?: string];
  readonly says: RegExp;
  readonly hint?: RegExp;
}

const rest = `${upstreams}${bindings}`;
const wrong: Wrong[] = [
  {
    what: 'an unknown key',
    text: `${rest}listn: 127.0.0.1:1\n`,
    at: [7, 1, 'listn'],
    says: /unknown key listn/,
    hint: /did you mean listen/,
  },
  {
    what: 'an unknown key like none',
    text: `${rest}colour: red\n`,
    at: [7, 1, 'colour'],
    says: /unknown key colour/,
    hint: /log, listen, /,
  },
  {
    what: 'an unknown key deep down',
    text: `${plugin}    limits: { memory: 1 }\n${rest}`,
    at: [4, 15, 'plugins.0.limits.memory'],
    says: /unknown key/,
    hint: /memory_mib/,
  },
  {
    what: 'an unknown key of a source',
    text: `${plugin.replace('}', ', public_keys: x }')}${rest}`,
    at: [3, 37, 'plugins.0.source.public_keys'],
    says: /unknown key/,
    hint: /public_key\?/,
  },
  {
    what: 'an unknown cause',
    text: `${plugin}    on_error: { timeut: deny }\n${rest}`,
    at: [4, 17, 'plugins.0.on_error.timeut'],
    says: /unknown key/,
    hint: /timeout/,
  },
  {
    what: 'an unknown action',
    text: `${plugin}    on_error: allow\n${rest}`,
    at: [4, 15, 'plugins.0.on_error'],
    says: /deny, ignore or disable/,
  },
  {
    what: 'an unknown hook',
    text: `${plugin}    hooks: [tool_pre_invok]\n${rest}`,
    at: [4, 13, 'plugins.0.hooks.0'],
    says: /tool_pre_invoke/,
  },
  {
    what: 'a tag that is no word',
    text: `${plugin}    tags: ["two words"]\n${rest}`,
    at: [4, 12, 'plugins.0.tags.0'],
    says: /lower-case/,
  },
  {
    what: 'the same limit in two places',
    text: `plugin_settings: { plugin_timeout: 1 }\nlimits: { plugin: { timeout_ms: 1000 } }\n${plugin}${rest}`,
    at: [1, 36, 'plugin_settings.plugin_timeout'],
    says: /limits.plugin.timeout_ms states the same limit/,
    hint: /remove one/,
  },
  {
    what: 'a timeout below a millisecond',
    text: `plugin_settings: { plugin_timeout: 0.0015 }\n${plugin}${rest}`,
    at: [1, 36, 'plugin_settings.plugin_timeout'],
    says: /three digits/,
  },
  {
    what: 'an unknown capability',
    text: `${plugin}    grants: { outbound-http: {} }\n${rest}`,
    at: [4, 15, 'plugins.0.grants.outbound-http'],
    says: /unknown key/,
    hint: /outbound_http/,
  },
  {
    what: 'a descriptor with a wrong version',
    text: `${plugin}    descriptor: { id: redact, version: "1", kind: transform, api: "0.1", hooks: [tool_list] }\n${rest}`,
    at: [4, 40, 'plugins.0.descriptor.version'],
    says: /semantic version/,
  },
  {
    what: 'a wrong type',
    text: `${rest}limits:\n  body_bytes: many\n`,
    at: [8, 15, 'limits.body_bytes'],
    says: /^expected a number, found a string$/,
  },
  {
    what: 'a payload that no lane could hold [CFG-08]',
    text: `${rest}limits:\n  plugin: { payload_bytes: 16777216 }\n`,
    at: [8, 28, 'limits.plugin.payload_bytes'],
    says: /at most 8388608 \(8 MiB\)/,
  },
  {
    what: 'a missing member',
    text: `${rest}registries:\n  - plain_http: true\n`,
    at: [8, 5, 'registries.0.host'],
    says: /host is missing/,
  },
  { what: 'a missing section', text: upstreams, at: [1, 1, 'bindings'], says: /bindings is missing/ },
  {
    what: 'a plugin from two sources',
    text: `${plugin.replace('}', ', oci: r/x:1 }')}${rest}`,
    at: [3, 13, 'plugins.0.source'],
    says: /exactly one of oci, oci_layout, file; found 2/,
  },
  {
    what: 'a plugin from nowhere',
    text: `plugins: [{ id: a, source: {} }]\n${rest}`,
    at: [1, 28, 'plugins.0.source'],
    says: /exactly one of oci, oci_layout, file; found none/,
  },
  {
    what: 'two pinned keys',
    text: `${plugin.replace('}', ', public_key: x, public_key_file: acme.pem }')}${rest}`,
    at: [3, 13, 'plugins.0.source'],
    says: /at most one of public_key/,
  },
  {
    what: 'an upstream of two kinds',
    text: `upstreams:\n  - { id: up, stdio: { command: x }, http: { url: "http://a" } }\n${bindings}`,
    at: [2, 5, 'upstreams.0'],
    says: /exactly one of stdio, http/,
  },
  {
    what: 'a URL that is none',
    text: `upstreams:\n  - { id: up, http: { url: "ftp://a" } }\n${bindings}`,
    at: [2, 28, 'upstreams.0.http.url'],
    says: /http or https/,
  },
  {
    what: 'an id in capitals',
    text: `${plugin.replace('redact', 'Redact')}${rest}`,
    at: [2, 9, 'plugins.0.id'],
    says: /lower-case/,
  },
  {
    what: 'a plugin twice',
    text: `${plugin}  - { id: redact, source: { oci: r/a:1 } }\n${rest}`,
    at: [4, 5, 'plugins.1'],
    says: /duplicate id: redact/,
  },
  {
    what: 'an upstream twice',
    text: `${upstreams}  - { id: up, stdio: { command: x } }\n${bindings}`,
    at: [4, 5, 'upstreams.1'],
    says: /duplicate id: up/,
  },
  {
    what: 'one plugin twice in a binding',
    text: `${plugin}${rest}    transforms: [redact, redact]\n`,
    at: [10, 26, 'bindings.0.transforms.1'],
    says: /duplicate id: redact/,
  },
  {
    what: 'an unknown plugin',
    text: `${plugin}${rest}    transforms: [redakt]\n`,
    at: [10, 18, 'bindings.0.transforms.0'],
    says: /unknown plugin: redakt/,
    hint: /did you mean redact/,
  },
  {
    what: 'an unknown upstream',
    text: `${upstreams}bindings:\n  - { id: main, upstreams: [down] }\n`,
    at: [5, 29, 'bindings.0.upstreams.0'],
    says: /unknown upstream: down/,
    hint: /known upstreams: up/,
  },
  {
    what: 'two default bindings',
    text: `${rest}    default: true\n  - { id: b, upstreams: [up], default: true }\n`,
    at: [8, 40, 'bindings.1.default'],
    says: /another binding is already the default/,
  },
  {
    what: 'an address that others reach',
    text: `${rest}identity: none\nlisten: 0.0.0.0:8787\n`,
    at: [8, 9, 'listen'],
    says: /allowed_hosts is empty/,
    hint: /allowed_hosts: \[/,
  },
  {
    what: 'an address of any interface in IPv6',
    text: `${rest}identity: none\nlisten: "[::]:1"\n`,
    at: [8, 9, 'listen'],
    says: /allowed_hosts is empty/,
  },
  {
    what: 'an address that others reach, without a word about who may call [GW-118]',
    text: `${rest}allowed_hosts: [mcp.example]\nlisten: 0.0.0.0:8787\n`,
    at: [8, 9, 'listen'],
    says: /identity. does not say who may call/,
    hint: /identity: none/,
  },
  {
    what: 'a scheme of no kind [GW-117]',
    text: `${rest}identity: { schemes: [{ id: a }] }\n`,
    at: [7, 23, 'identity.schemes.0'],
    says: /exactly one of api_keys/,
  },
  {
    what: 'a network of a proxy that is not in CIDR form [GW-117]',
    text: `${rest}identity: { schemes: [{ id: a, proxy: { from: [10.1.0.0], headers: { subject: x-user } } }] }\n`,
    at: [7, 48, 'identity.schemes.0.proxy.from.0'],
    says: /CIDR/,
  },
  {
    what: 'two schemes of one id [GW-117]',
    text: `${rest}identity: { schemes: [{ id: a, proxy: &p { from: [10.0.0.0/8], headers: { subject: x } } }, { id: a, proxy: *p }] }\n`,
    at: [7, 93, 'identity.schemes.1'],
    says: /duplicate id: a/,
  },
  {
    what: 'an issuer whose tokens would travel in the clear [GW-130]',
    text: `${rest}identity: { schemes: [{ id: a, oauth: { issuer: "http://as.example" } }] }\n`,
    at: [7, 49, 'identity.schemes.0.oauth.issuer'],
    says: /https URL/,
  },
  {
    what: 'a MAC as the signature of tokens [GW-130]',
    text: `${rest}identity: { schemes: [{ id: a, oauth: { issuer: "https://as.example", algorithms: [HS256] } }] }\n`,
    at: [7, 84, 'identity.schemes.0.oauth.algorithms.0'],
    says: /RS256/,
  },
  {
    what: 'scopes that no caller can have [GW-134]',
    text: `${rest}    required_scopes: [a]\n`,
    at: [7, 22, 'bindings.0.required_scopes'],
    says: /no caller has scopes/,
  },
  {
    what: 'introspection with a secret that is unknown [GW-136]',
    text: `${rest}identity: { schemes: [{ id: a, oauth: { issuer: "https://a.example", introspection: { url: "https://a.example/i", client_id: c, client_secret: s } } }] }\n`,
    at: [7, 144, 'identity.schemes.0.oauth.introspection.client_secret'],
    says: /unknown secret: s/,
  },
  {
    what: 'an authorization server without the URL that clients use [GW-131]',
    text: `${rest}listen: 0.0.0.0:1\nallowed_hosts: [a.example]\nidentity: { schemes: [{ id: a, oauth: { issuer: "https://as.example" } }] }\n`,
    at: [9, 39, 'identity.schemes.0.oauth'],
    says: /identity.public_url. does not name it/,
    hint: /public_url: https/,
  },
  {
    what: 'a word for identity that is unknown [GW-118]',
    text: `${rest}identity: nobody\n`,
    at: [7, 11, 'identity'],
    says: /none/,
  },
  {
    what: 'an address that is none',
    text: `${rest}listen: 127.0.0.1:99999\n`,
    at: [7, 9, 'listen'],
    says: /host:port/,
  },
  {
    what: 'a key in two places',
    text: `${rest}trust: { keys: [{ id: a, pem: x, file: acme.pem }] }\n`,
    at: [7, 17, 'trust.keys.0'],
    says: /exactly one of pem, file/,
  },
  {
    what: 'a key file that is not there',
    text: `${rest}trust: { keys: [{ id: a, file: ./none.pem }] }\n`,
    at: [7, 32, 'trust.keys.0.file'],
    says: /cannot be read: no such file or folder \(ENOENT\)/,
    hint: /none\.pem/,
  },
  {
    what: 'a key file that is a folder',
    text: `${plugin.replace('}', ', public_key_file: . }')}${rest}`,
    at: [3, 54, 'plugins.0.source.public_key_file'],
    says: /cannot be read: it is a folder/,
  },
  {
    what: 'a time that is none',
    text: `${rest}trust: { keys: [{ id: a, pem: x, not_after: tomorrow }] }\n`,
    at: [7, 45, 'trust.keys.0.not_after'],
    says: /2026-12-31T/,
  },
  {
    what: 'a digest that is none',
    text: `${rest}trust: { revoked_digests: [sha256:abc] }\n`,
    at: [7, 28, 'trust.revoked_digests.0'],
    says: /64 lower-case hex/,
  },
  {
    what: 'a key twice in one mapping',
    text: `${rest}listen: 127.0.0.1:1\nlisten: 127.0.0.1:2\n`,
    at: [8, 1],
    says: /unique/,
  },
  { what: 'a tag that YAML does not know', text: `${rest}allowed_hosts: [!secret x]\n`, at: [7, 17], says: /tag/i },
  { what: 'broken YAML', text: `${rest}listen: [\n`, at: [8, 1], says: /./ },
  { what: 'two documents', text: `${rest}---\n${rest}`, at: [7, 1], says: /document/ },
  {
    what: 'an empty value',
    text: `listen:\n${rest}`,
    at: [1, 8, 'listen'],
    says: /^expected a string, found an empty value$/,
  },
  {
    what: 'no lanes',
    text: `limits: { lanes: 0 }\n${rest}`,
    at: [1, 18, 'limits.lanes'],
    says: /^must be at least 1$/,
  },
  {
    what: 'a fraction',
    text: `limits: { lanes: 1.5 }\n${rest}`,
    at: [1, 18, 'limits.lanes'],
    says: /^expected a whole number, found a number$/,
  },
  {
    what: 'an unknown value',
    text: `metrics: { serve: all }\n${rest}`,
    at: [1, 19, 'metrics.serve'],
    says: /^expected one of loopback, everybody, nobody$/,
  },
  {
    what: 'an empty command',
    text: `upstreams:\n  - { id: up, stdio: { command: "" } }\n${bindings}`,
    at: [2, 33, 'upstreams.0.stdio.command'],
    says: /^must not be empty$/,
  },
  { what: 'a list at the top', text: '- a\n', at: [1, 1, ''], says: /^expected an object, found an array$/ },
];

const upstreamWith = (http: string) => `upstreams:\n  - { id: up, http: ${http} }\n${bindings}`;
const header = (entry: string) => upstreamWith(`{ url: "http://a", headers: { ${entry} } }`);
const neverMatching: readonly [what: string, text: string, path: string, says: RegExp][] = [
  ['a host with a scheme', 'allowed_hosts: ["https://mcp.example"]', 'allowed_hosts.0', /write mcp\.example$/],
  ['a host with a slash', 'allowed_hosts: [mcp.example/]', 'allowed_hosts.0', /write mcp\.example$/],
  ['a host with a path', 'allowed_hosts: [mcp.example:8443/mcp]', 'allowed_hosts.0', /write mcp\.example:8443$/],
  ['any host', 'allowed_hosts: ["*"]', 'allowed_hosts.0', /wildcards are not supported/],
  ['any host of a domain', 'allowed_hosts: ["*.mcp.example"]', 'allowed_hosts.0', /wildcards are not supported/],
  ['a host in another script', 'allowed_hosts: [bücher.example]', 'allowed_hosts.0', /write xn--bcher-kva\.example$/],
  ['a host without brackets', 'allowed_hosts: ["fe80::1"]', 'allowed_hosts.0', /expected a host such as/],
  ['a host with spaces', 'allowed_hosts: ["a b"]', 'allowed_hosts.0', /expected a host such as/],
  ['a port that is none', 'allowed_hosts: ["a:99999"]', 'allowed_hosts.0', /expected a host such as/],
  [
    'hosts that are no list',
    'listen: 0.0.0.0:1\nidentity: none\nallowed_hosts: mcp.example',
    'allowed_hosts',
    /expected an array/,
  ],
  ['any origin', 'allowed_origins: ["*"]', 'allowed_origins.0', /wildcards are not supported/],
  ['an origin without a scheme', 'allowed_origins: [app.example]', 'allowed_origins.0', /such as https:/],
  [
    'an origin with a slash',
    'allowed_origins: ["https://app.example/"]',
    'allowed_origins.0',
    /write https:..app\.example$/,
  ],
  [
    'an origin with its own port',
    'allowed_origins: ["https://a.example:443"]',
    'allowed_origins.0',
    /write https:..a\.example$/,
  ],
  ['a proxy without a prefix', 'trusted_proxies: { from: [10.0.0.1] }', 'trusted_proxies.from.0', /in CIDR form/],
  ['no proxy', 'trusted_proxies: { from: [] }', 'trusted_proxies.from', /./],
  [
    'a proxy that anybody can be',
    'identity: { schemes: [{ id: a, proxy: { headers: { subject: x-user } } }] }',
    'identity.schemes.0.proxy',
    /which proxies/,
  ],
  [
    'a certificate of a proxy without names',
    'identity: { schemes: [{ id: a, proxy: { certificate: {}, headers: { subject: x-user } } }] }\ntls: { certificate: a, key: b, client_authorities: c }',
    'identity.schemes.0.proxy.certificate',
    /states nothing/,
  ],
  [
    'a certificate of a proxy without TLS',
    'identity: { schemes: [{ id: a, proxy: { certificate: { cn: [a] }, headers: { subject: x-user } } }] }',
    'identity.schemes.0.proxy.certificate',
    /client_authorities/,
  ],
  [
    'half a fingerprint',
    'identity: { schemes: [{ id: a, proxy: { certificate: { fingerprint: ["ab:cd"] }, headers: { subject: x-user } } }] }\ntls: { certificate: a, key: b, client_authorities: c }',
    'identity.schemes.0.proxy.certificate.fingerprint.0',
    /SHA-256/,
  ],
  ['an origin that is null', 'allowed_origins: ["null"]', 'allowed_origins.0', /such as https:/],
  ['a registry with a scheme', 'registries: [{ host: "http://r.example" }]', 'registries.0.host', /write r\.example$/],
  ['a registry with a path', 'registries: [{ host: r.example/acme }]', 'registries.0.host', /write r\.example$/],
  [
    'a token host with a path',
    'registries: [{ host: r, token_hosts: [a/token] }]',
    'registries.0.token_hosts.0',
    /write a$/,
  ],
];
const unsendable: readonly [what: string, text: string, path: string, says: RegExp][] = [
  ['a line break in a header', header('a: "x\\ny"'), 'a', /line breaks/],
  ['a NUL in a header', header('a: "x\\0"'), 'a', /control characters/],
  ['a header outside of Latin-1', header('a: "€"'), 'a', /Latin-1/],
  ['a header whose name has a space', header('"a b": x'), 'a b', /name of a header/],
  ['a header of the body', header('Content-Length: "5"'), 'Content-Length', /sets the header content-length itself/],
  ['a header of the session', header('mcp-session-id: x'), 'mcp-session-id', /sets the header/],
  ['a header twice', header('X-A: x, x-a: y'), 'x-a', /twice/],
];

describe('what can never work', () => {
  it.each(neverMatching)('[CFG-09] is refused for %s', async (_, text, path, says) => {
    const message = expect.stringMatching(says);
    expect(await problemsOf(`${rest}${text}\n`)).toEqual([expect.objectContaining({ path, message })]);
  });

  it.each(unsendable)('[CFG-09] is refused for %s, without the value', async (_, text, name, says) => {
    const [problem, ...others] = await problemsOf(text);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({
      ...{ line: 2, path: `upstreams.0.http.headers.${name}` },
      message: expect.stringMatching(says),
    });
  });

  it('[CFG-09] is refused for a URL with a password, which is not told', async () => {
    const problems = await problemsOf(upstreamWith('{ url: "http://bob:s3cretPw@a/mcp" }'));
    expect(problems).toMatchObject([
      { path: 'upstreams.0.http.url', message: expect.stringContaining('authorization') },
    ]);
    expect(JSON.stringify(problems)).not.toContain('s3cretPw');
  });

  it.each(['command: "a\\0"', 'command: a, args: ["\\0"]', 'command: a, env: { A: "\\0" }', 'command: a, cwd: "\\0"'])(
    '[CFG-09] is refused for a process with NUL: %s',
    async stdio => {
      const text = `upstreams:\n  - { id: up, stdio: { ${stdio} } }\n${bindings}`;
      expect(await problemsOf(text)).toMatchObject([{ message: expect.stringContaining('NUL') }]);
    },
  );
});

it('[CFG-09] is refused for a maximum of time below the time itself', async () => {
  const text = `upstreams:\n  - { id: up, stdio: { command: a }, timeout_ms: 5000, max_timeout_ms: 4000 }\n${bindings}`;
  expect(await problemsOf(text)).toMatchObject([
    {
      line: 2,
      path: 'upstreams.0.max_timeout_ms',
      message: expect.stringContaining('must not be less than timeout_ms (5000)'),
    },
  ]);
});

it('[CFG-09] is refused for a limit of time below the one that it extends, unless neither was stated', async () => {
  const up = `upstreams:\n  - { id: up, stdio: { command: a } }\n${bindings}`;
  expect(await problemsOf(`limits: { max_request_timeout_ms: 30000 }\n${up}`)).toMatchObject([
    { path: 'limits.max_request_timeout_ms', message: 'less than request_timeout_ms, 60000' },
  ]);
  expect((await load(`limits: { request_timeout_ms: 900000 }\n${up}`)).limits.max_request_timeout_ms).toBeUndefined();
});

it('[CFG-09] takes hosts and origins as clients send them, and drops white space around a header', async () => {
  const config = await load(`${header(`authorization: "Bearer \${SECRET}\\n"`)}
allowed_hosts: [mcp.example, "MCP.example:8443", "[::1]:80", my_gateway, 10.0.0.1]
allowed_origins: ["https://app.example", "http://localhost:3000", "vscode-webview://abc"]
`);
  expect(config.allowed_hosts).toHaveLength(5);
  expect(config.allowed_origins).toHaveLength(3);
  expect(config.upstreams[0]?.http?.headers).toEqual({ authorization: `Bearer ${secret}` });
});

describe('a wrong file', () => {
  it.each(wrong)(
    '[CFG-02] is refused with its place for $what',
    async ({ text, at: [line, column, path], says, hint }) => {
      const place = { code: 'config_invalid', line, column, ...(path === undefined ? {} : { path }) };
      const expected = {
        ...place,
        message: expect.stringMatching(says),
        ...(hint ? { hint: expect.stringMatching(hint) } : {}),
      };
      expect(await problemsOf(text)).toEqual([expect.objectContaining(expected)]);
    },
  );

  it('[CFG-02] is told of all its problems at once, in the order of the file', async () => {
    const problems = await problemsOf(`listn: x
plugins:
  - id: redact
    source: { file: a.wasm }
    priority: high
  - id: redact
    source: {}
upstreams:
  - { id: up, stdio: { command: cat }, timeout: 5 }
bindings:
  - { id: main, upstreams: [down], transforms: [mask] }
trust: { keys: [{ id: a, file: none.pem }] }
`);
    expect(problems.map(({ line, path }) => [line, path])).toEqual([
      [1, 'listn'],
      [5, 'plugins.0.priority'],
      [6, 'plugins.1'],
      [7, 'plugins.1.source'],
      [9, 'upstreams.0.timeout'],
      [11, 'bindings.0.upstreams.0'],
      [11, 'bindings.0.transforms.0'],
      [12, 'trust.keys.0.file'],
    ]);
  });

  it('[CFG-02] names its file, line and column in front of the message', async () => {
    await expect(load(`${rest}listn: x\n`)).rejects.toThrow(`${file()}:7:1: config_invalid: `);
  });

  it('[CFG-05] cannot grow without end through aliases', async () => {
    const layers = [...'bcdefghi'].map((name, index) => `  ${name}: &${name} [${`*${'abcdefgh'[index]},`.repeat(9)}]`);
    const problems = await problemsOf(`${rest}x:\n  a: &a [x]\n${layers.join('\n')}\n`);
    expect(problems).toMatchObject([{ code: 'config_invalid', message: expect.stringContaining('alias') }]);
  });

  it.each([200, 9000])('[FUZZ-02] nested without end is told in words that help: %i levels', async levels => {
    const problems = await problemsOf(`${rest}x: ${'['.repeat(levels)}${']'.repeat(levels)}\n`);
    expect(problems).toContainEqual(expect.objectContaining({ code: 'config_invalid', message: 'nested too deeply' }));
    expect(JSON.stringify(problems)).not.toMatch(/stack/i);
  });

  it('[CFG-02] that is not there is told as such', async () => {
    await expect(loadConfig(join(folder, 'none.yaml'), { grants })).rejects.toMatchObject({
      code: 'config_unreadable',
      details: { file: join(folder, 'none.yaml') },
      exit: 3,
    });
  });

  it('[CFG-01] that is empty is told what is missing', async () => {
    expect((await problemsOf('')).map(({ path }) => path)).toEqual(['upstreams', 'bindings']);
  });
});
