import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { grantsSchema } from '../../../../host/src/capability/registry.ts';
import { loadConfig } from '../../../../host/src/config/load-config.ts';
import { runCommand } from '../../../../test/fixtures/run-command.ts';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';

let folder = '';
beforeEach(async () => {
  folder = await temporaryFolder();
});

/** Imports an entry. */
async function importing(entry: unknown, ...more: string[]) {
  const file = join(folder, 'server.json');
  await writeFile(file, JSON.stringify(entry));
  return runCommand(['import', 'server-json', file, ...more]);
}

/** Imports an entry and reads the configuration as a gateway does, with a value for each variable that is reported. */
async function imported(entry: unknown, ...more: string[]) {
  const { code, stdout, stderr } = await importing(entry, ...more);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const out = join(folder, 'sallyport.yaml');
  await writeFile(out, stdout);
  const names = [...stderr.matchAll(/^set (\w+) in/gm)].map(([, name = '']) => name);
  const env = Object.fromEntries(names.map(name => [name, `<${name}>`]));
  const { upstreams, secrets } = await loadConfig(out, { grants: grantsSchema, env });
  return { upstreams, secrets, stdout, stderr, names };
}

/** As the registry has them since September 2025. */
const hybrid = {
  $schema: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json',
  name: 'com.example/acme-analytics',
  title: 'ACME Analytics',
  description: 'Reports',
  version: '2.0.0',
  packages: [
    {
      registryType: 'npm',
      registryBaseUrl: 'https://npm.example.com',
      identifier: '@acme/analytics-mcp',
      version: '2.0.0',
      transport: { type: 'stdio' },
      runtimeArguments: [{ type: 'named', name: '--loglevel', value: 'silent' }],
      packageArguments: [
        { type: 'positional', valueHint: 'mode', value: 'serve' },
        { type: 'named', name: '--region', default: 'eu', description: 'Where the data is' },
        { type: 'named', name: '--profile', description: 'A profile' },
      ],
      environmentVariables: [
        { name: 'ACME_TOKEN', description: 'Your token', isRequired: true, isSecret: true },
        { name: 'ACME_UNITS', default: 'metric' },
      ],
    },
    {
      registryType: 'oci',
      identifier: 'ghcr.io/acme/analytics-mcp:2.0.0',
      transport: { type: 'stdio' },
      environmentVariables: [{ name: 'ACME_TOKEN', isRequired: true, isSecret: true }],
    },
    { registryType: 'mcpb', identifier: 'https://example.com/a.mcpb', transport: { type: 'stdio' } },
  ],
  remotes: [
    { type: 'sse', url: 'https://analytics.example.com/sse' },
    {
      type: 'streamable-http',
      url: 'https://{tenant}.example.com/mcp',
      headers: [
        {
          name: 'Authorization',
          value: 'Bearer {token}',
          variables: { token: { description: 'Your token', isRequired: true, isSecret: true } },
        },
        { name: 'X-Api-Key', isRequired: true, isSecret: true },
        { name: 'X-Trace', description: 'Whether to trace' },
      ],
      variables: { tenant: { isRequired: true, default: 'demo' } },
    },
  ],
};

/** As the registry had them in July 2025. */
const old = {
  name: 'io.github.modelcontextprotocol/filesystem',
  status: 'deprecated',
  packages: [
    {
      registry_type: 'pypi',
      identifier: 'weather-mcp-server',
      version: '0.5.0',
      runtime_hint: 'uvx',
      package_arguments: [{ type: 'positional', value_hint: 'target_dir', is_required: true }],
      environment_variables: [{ name: 'WEATHER_API_KEY', is_required: true, is_secret: true }],
    },
  ],
  remotes: [{ transport_type: 'sse', url: 'https://mcp.example.com/sse' }],
};

describe('[CLI-43] sallyport import server-json', () => {
  it('prefers streamable HTTP, and makes a secret of the bearer token', async () => {
    const { upstreams, secrets, stderr, names } = await imported(hybrid);
    expect(names).toEqual(['TOKEN', 'ACME_ANALYTICS_X_API_KEY']);
    expect(secrets).toEqual([{ name: 'acme-analytics-token', env: 'TOKEN' }]);
    expect(upstreams).toMatchObject([
      {
        id: 'acme-analytics',
        http: { url: 'https://demo.example.com/mcp', headers: { 'X-Api-Key': '<ACME_ANALYTICS_X_API_KEY>' } },
        auth: { static: { secret: 'acme-analytics-token', scheme: 'Bearer' } },
      },
    ]);
    for (const line of [
      'header X-Trace: it is optional: Whether to trace',
      'remote https://analytics.example.com/sse: the transport HTTP+SSE is not supported',
      'package @acme/analytics-mcp: choose it with --package npm',
      'package https://example.com/a.mcpb: the gateway cannot start a package of type mcpb',
      '(acme-analytics: header Authorization: Your token)',
    ]) {
      expect(stderr).toContain(line);
    }
  });

  it.each([
    {
      type: 'npm',
      stdio: {
        command: 'npx',
        args: ['-y', '--loglevel', 'silent', '@acme/analytics-mcp@2.0.0', 'serve', '--region', 'eu'],
        env: { ACME_TOKEN: '<ACME_TOKEN>', ACME_UNITS: 'metric' },
      },
    },
    {
      type: 'oci',
      stdio: {
        command: 'docker',
        args: ['run', '-i', '--rm', '-e', 'ACME_TOKEN', 'ghcr.io/acme/analytics-mcp:2.0.0'],
        env: { ACME_TOKEN: '<ACME_TOKEN>' },
      },
    },
  ])('uses the package of type $type', async ({ type, stdio }) => {
    const { upstreams, stderr, names } = await imported(hybrid, '--package', type);
    expect(names).toEqual(['ACME_TOKEN']);
    expect(upstreams).toMatchObject([{ id: 'acme-analytics', stdio }]);
    const note = 'registryBaseUrl https://npm.example.com: npx uses the registry that it is configured for';
    expect(stderr.includes(note)).toBe(type === 'npm');
  });

  it('reads entries with the names of July 2025', async () => {
    const { upstreams, stderr } = await imported(old);
    expect(upstreams).toMatchObject([
      {
        id: 'filesystem',
        stdio: {
          command: 'uvx',
          args: ['weather-mcp-server==0.5.0', '<TARGET_DIR>'],
          env: { WEATHER_API_KEY: '<WEATHER_API_KEY>' },
        },
      },
    ]);
    expect(stderr).toContain('status: the server is deprecated');
  });
});

describe('[CLI-42] a server.json that cannot be imported', () => {
  it('has all of its problems reported at once', async () => {
    const { code, stderr } = await importing({
      packages: [{ identifier: 'x', packageArguments: [{ type: 'odd' }] }],
      remotes: [{ type: 'pigeon', url: 'https://a' }],
    });
    expect(code).toBe(2);
    for (const path of ['name', 'packages.0.registryType', 'packages.0.packageArguments.0.type', 'remotes.0.type']) {
      expect(stderr).toContain(`path: ${path}`);
    }
  });

  it.each([
    ['nothing that the gateway can use', { name: 'a/b', packages: [{ registryType: 'mcpb', identifier: 'x' }] }, []],
    ['no package of the type', hybrid, ['--package', 'pypi']],
  ])('offers %s', async (_, entry, more) => {
    const { code, stdout, stderr } = await importing(entry, ...more);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('no server that can be imported');
  });
});
