import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { grantsSchema } from '../../../../host/src/capability/registry.ts';
import { loadConfig } from '../../../../host/src/config/load-config.ts';
import { runCommand, runJson } from '../../../../test/fixtures/run-command.ts';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';

let folder = '';
beforeEach(async () => {
  folder = await temporaryFolder();
});

/** Writes a file and imports it. */
async function importing(content: unknown, ...more: string[]) {
  const file = join(folder, 'clients.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return runCommand(['import', 'mcp-json', file, ...more]);
}

/** Imports a file and reads the configuration as a gateway does, with a value for each variable that is reported. */
async function imported(content: unknown) {
  const { code, stdout, stderr } = await importing(content);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const out = join(folder, 'sallyport.yaml');
  await writeFile(out, stdout);
  const names = [...stderr.matchAll(/^set (\w+) in/gm)].map(([, name = '']) => name);
  const env = Object.fromEntries(names.map(name => [name, name.endsWith('URL') ? 'https://a.example' : `<${name}>`]));
  const config = await loadConfig(out, { grants: grantsSchema, env: { HOME: '/home/ada', ...env } });
  return { config, stdout, stderr, names };
}

const claudeDesktop = {
  globalShortcut: '',
  mcpServers: {
    filesystem: {
      command: 'npx',
      args: ['-y', '@modelcontextprotocol/server-filesystem', '/Users/ada/Desktop', '/Users/ada/Downloads'],
    },
    'Brave Search': {
      command: 'npx',
      args: ['-y', '@modelcontextprotocol/server-brave-search'],
      env: { BRAVE_API_KEY: 'BSAexampleexample', DEBUG: 'true' },
    },
    postgres: {
      command: 'npx',
      args: ['-y', '@modelcontextprotocol/server-postgres', 'postgresql://ada:hunter2@localhost/mydb'],
    },
  },
};

const claudeCode = {
  mcpServers: {
    'api-server': {
      type: 'http',
      url: `\${API_BASE_URL:-https://api.example.com}/mcp`,
      headers: { Authorization: `Bearer \${API_KEY}`, 'X-Org': 'acme' },
    },
    database: {
      type: 'stdio',
      command: '/opt/db-server',
      args: ['--config', '/etc/db.json', '--api-key', 'topsecret', '--token=alsosecret'],
      env: { DB_URL: `\${DB_URL}`, CACHE_DIR: '/tmp' },
    },
    linear: { type: 'sse', url: 'https://mcp.linear.example/sse' },
  },
};

const vsCode = `{
  // Prompted for once.
  "inputs": [
    { "type": "promptString", "id": "perplexity-key", "description": "Perplexity API Key", "password": true },
    { "type": "promptString", "id": "region", "description": "Region", "default": "eu" },
  ],
  "servers": {
    "github": { "type": "http", "url": "https://api.githubcopilot.com/mcp" },
    "perplexity": {
      "type": "stdio", "command": "docker",
      "args": ["run", "-i", "--rm", "-e", "MODE=\${input:region}", "-v", "\${workspaceFolder}:/work", "mcp/perplexity"],
      "env": { "PERPLEXITY_API_KEY": "\${input:perplexity-key}" },
      "envFile": "\${workspaceFolder}/.env", /* read by the editor */
    },
  },
}`;

const cursor = {
  mcpServers: {
    local: { command: 'python', args: [`\${userHome}/mcp-server.py`], env: { API_KEY: `\${env:MY_API_KEY}` } },
    hosted: { url: 'https://mcp.example.com/s/MmQ4ODk2ZTYtYjQ0Mi00N2Q5/mcp', headers: { API_KEY: 'value' } },
    off: { command: 'x', disabled: true, autoApprove: ['all'] },
  },
};

describe('[CLI-41] sallyport import mcp-json', () => {
  it('imports the file of Claude Desktop', async () => {
    const { config, stdout, stderr, names } = await imported(claudeDesktop);
    expect(stdout).not.toMatch(/BSAexample|hunter2/);
    expect(stdout + stderr).not.toContain('hunter2');
    expect(names).toEqual(['BRAVE_API_KEY', 'POSTGRES_ARGUMENT_3']);
    expect(config.upstreams.map(({ id, stdio }) => [id, stdio?.args, stdio?.env])).toEqual([
      ['filesystem', claudeDesktop.mcpServers.filesystem.args, {}],
      ['brave-search', expect.any(Array), { BRAVE_API_KEY: '<BRAVE_API_KEY>', DEBUG: 'true' }],
      ['postgres', ['-y', '@modelcontextprotocol/server-postgres', '<POSTGRES_ARGUMENT_3>'], {}],
    ]);
    expect(stderr).toContain(
      'Brave Search: its name: an id has lower-case letters, digits and dashes: it is brave-search',
    );
    expect(stderr).toContain('the file: globalShortcut');
    expect(config.bindings).toMatchObject([{ id: 'main', upstreams: ['filesystem', 'brave-search', 'postgres'] }]);
  });

  it('imports the file of Claude Code: variables keep their names, and a bearer token becomes a secret', async () => {
    const { config, stdout, stderr, names } = await imported(claudeCode);
    expect(stdout).not.toMatch(/topsecret|alsosecret|acme/);
    expect(names.toSorted()).toEqual([
      'API_KEY',
      'API_SERVER_X_ORG',
      'CACHE_DIR',
      'DATABASE_API_KEY',
      'DB_URL',
      'TOKEN',
    ]);
    expect(config.secrets).toEqual([{ name: 'api-server-token', env: 'API_KEY' }]);
    expect(config.upstreams).toMatchObject([
      {
        http: { url: 'https://api.example.com/mcp', headers: { 'X-Org': '<API_SERVER_X_ORG>' } },
        auth: { static: { secret: 'api-server-token', header: 'authorization', scheme: 'Bearer' } },
      },
      {
        stdio: {
          command: '/opt/db-server',
          args: ['--config', '/etc/db.json', '--api-key', '<DATABASE_API_KEY>', '--token=<TOKEN>'],
          env: { DB_URL: 'https://a.example', CACHE_DIR: '<CACHE_DIR>' },
        },
      },
    ]);
    expect(stderr).toContain('linear: the server: the transport HTTP+SSE is not supported');
  });

  it('imports the file of VS Code, with comments, inputs, and variables of the editor', async () => {
    const { config, stderr, names } = await imported(vsCode);
    expect(names).toEqual(['PERPLEXITY_KEY', 'WORKSPACE_FOLDER']);
    expect(stderr).toContain('REGION may be set');
    expect(config.upstreams).toMatchObject([
      { id: 'github', http: { url: 'https://api.githubcopilot.com/mcp' } },
      {
        stdio: {
          args: ['run', '-i', '--rm', '-e', 'MODE=eu', '-v', '<WORKSPACE_FOLDER>:/work', 'mcp/perplexity'],
          env: { PERPLEXITY_API_KEY: '<PERPLEXITY_KEY>' },
        },
      },
    ]);
    expect(stderr).toContain('perplexity: envFile: put its variables into the environment of the gateway');
    expect(stderr).toContain('is known to the editor only');
  });

  it('imports the file of Cursor, and leaves out what is disabled', async () => {
    const { config, stdout, stderr, names } = await imported(cursor);
    expect(stdout).not.toContain('MmQ4');
    expect(names).toEqual(['MY_API_KEY', 'HOSTED_URL', 'HOSTED_API_KEY']);
    expect(config.upstreams).toMatchObject([
      { stdio: { args: ['/home/ada/mcp-server.py'], env: { API_KEY: '<MY_API_KEY>' } } },
      { http: { headers: { API_KEY: '<HOSTED_API_KEY>' } } },
    ]);
    expect(stderr).toContain('off: the server: it is disabled');
  });

  it('gives each server an id, and each value a variable of its own', async () => {
    const server = (token: string) => ({ command: 'x', env: { TOKEN: token, PATH: '/bin' } });
    const { config, names } = await imported({
      mcpServers: { 'a b': server('one'), 'A-B': server('two'), c: server('one') },
    });
    expect(config.upstreams.map(({ id }) => id)).toEqual(['a-b', 'a-b-2', 'c']);
    expect(names).toEqual(
      ['TOKEN', 'A_B_PATH', 'A_B_2_TOKEN', 'A_B_2_PATH', 'C_PATH'].toSorted(
        (a, b) => names.indexOf(a) - names.indexOf(b),
      ),
    );
    expect(config.upstreams.map(({ stdio }) => stdio?.env.TOKEN)).toEqual(['<TOKEN>', '<A_B_2_TOKEN>', '<TOKEN>']);
  });

  it('writes a text that is no variable as it is', async () => {
    const script = ['echo $', '{1} $', '{ and } $', '$', '{x'].join('');
    const { config } = await imported({ mcpServers: { a: { command: 'sh', args: ['-c', script] } } });
    expect(config.upstreams[0]?.stdio?.args[1]).toBe(script);
  });

  it('escapes what a terminal would obey', async () => {
    const { code, stdout, stderr } = await importing({ mcpServers: { '\u001b[2Ja': { command: 'x\n', toString: 1 } } });
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain('\u001b');
    expect(stderr).toContain('toString: there is no such setting');
  });

  it('writes a new file alone, and overwrites one only with --force', async () => {
    const out = join(folder, 'out.yaml');
    expect(await importing(cursor, '--out', out)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('out.yaml'),
    });
    const written = await readFile(out, 'utf8');
    expect(await importing(claudeCode, '--out', out)).toMatchObject({ code: 2 });
    expect(await readFile(out, 'utf8')).toBe(written);
    expect(await importing(claudeCode, '--out', out, '--force')).toMatchObject({ code: 0 });
    expect(await readFile(out, 'utf8')).toContain('api-server');
    expect(await importing(claudeCode, '--force')).toMatchObject({ code: 2 });
  });

  it('reports as JSON', async () => {
    const file = join(folder, 'clients.json');
    await writeFile(file, JSON.stringify(cursor));
    expect(await runJson(['import', 'mcp-json', file])).toMatchObject({
      config: expect.stringContaining('upstreams:'),
      upstreams: ['local', 'hosted'],
      variables: expect.arrayContaining([{ name: 'HOSTED_URL', server: 'hosted', what: 'the URL', optional: false }]),
      notes: [{ server: 'off', what: 'the server', why: 'it is disabled' }],
    });
  });
});

describe('[CLI-42] a file that cannot be imported', () => {
  it.each([
    ['is not JSON', '{ "mcpServers": {\n "a": { "env": { "KEY": "hush } }', 'it is not JSON'],
    ['is no object', '[]', 'expected an object'],
    ['has a name twice', '{ "mcpServers": { "a": { "command": "x" }, "a": { "command": "y" } } }', 'a occurs twice'],
    ['has no servers', { servers2: {} }, 'neither mcpServers nor servers'],
    ['has servers of two clients', { servers: {}, mcpServers: {} }, 'both mcpServers and servers'],
    ['has an empty list', { mcpServers: {} }, 'no server that can be imported'],
    [
      'has only what is left out',
      { mcpServers: { a: { type: 'sse', url: 'https://a' } } },
      'HTTP+SSE is not supported',
    ],
  ])('%s', async (_, content, message) => {
    const { code, stdout, stderr } = await importing(content, '--out', join(folder, 'out.yaml'));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('hush');
    await expect(stat(join(folder, 'out.yaml'))).rejects.toThrow('ENOENT');
  });

  it('has all of its problems reported at once', async () => {
    const { code, stderr } = await importing({
      mcpServers: {
        kind: { type: 'carrier-pigeon', url: 'https://a' },
        inherited: { type: 'constructor', command: 'x' },
        both: { command: 'x', url: 'https://a' },
        neither: {},
        stdio: { type: 'stdio', url: 'https://a' },
        args: { command: 'x', args: 'one two' },
        fine: { command: 'x' },
      },
    });
    expect(code).toBe(2);
    for (const expected of [
      'unknown type carrier-pigeon',
      'unknown type constructor',
      'both a command and a URL',
      'expected a command or a URL',
      'mcpServers.args.args',
      'expected a command',
    ]) {
      expect(stderr).toContain(expected);
    }
  });
});
