import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { guestDescriptor } from '../../../../../test/fixtures/guest-descriptor.ts';

const main = join(import.meta.dirname, '../../../bin/sallyport.js');
const patience = { timeout: 600_000, interval: 50 };
const hooks = ['tool_pre_invoke', 'tool_post_invoke', 'tool_list', 'prompt_post_fetch', 'resource_post_fetch'];

/** Hides a word, and blocks another. */
const source = (instead: string) => `import { block, replaceText, transform } from '@sallyport/plugin';
export const { lifecycle, dispatchHooks } = transform({
  before: request =>
    request.tag === 'tool-call' && request.val.arguments?.includes('stop') ? block('STOP', 'It says stop.') : undefined,
  after(response) {
    console.info('looked');
    return replaceText(response, text => text.replaceAll('secret', '${instead}'));
  },
});
`;
const result = (text: string) => ({
  tag: 'tool-result',
  val: { content: [{ tag: 'text', val: text }], isError: false },
});
const plain = { name: 'plain', hook: 'tool_post_invoke', response: result('plain'), expect: { outcome: 'proceed' } };

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sallyport-dev-test-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

async function pluginFolder(id: string): Promise<string> {
  const folder = join(home, id);
  await mkdir(join(folder, 'cases'), { recursive: true });
  await writeFile(join(folder, 'plugin.json'), JSON.stringify(guestDescriptor(id, { hooks })));
  await writeFile(join(folder, 'cases/plain.json'), JSON.stringify({ cases: [plain] }));
  await writeFile(join(folder, `${id}.js`), source('[one]'));
  return folder;
}

// biome-ignore lint/suspicious/noExplicitAny: a line of the command, looked into by tests
type Event = any;

/** The command, running. Its temporary files are in a folder of its own. */
async function startDev(...argv: string[]) {
  const temporary = await mkdtemp(join(home, 'temporary-'));
  const child: ChildProcess = spawn(process.execPath, [main, 'plugin', 'dev', ...argv, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary },
  });
  const events: Event[] = [];
  let said = '';
  child.stderr?.on('data', text => (said += String(text)));
  if (child.stdout) createInterface({ input: child.stdout }).on('line', line => events.push(JSON.parse(line)));
  return {
    temporary,
    child,
    said: () => said,
    /** The next event of this kind, after those that were asked for before. */
    async next(kind: string): Promise<Event> {
      await vi.waitUntil(() => {
        if (child.exitCode !== null) throw new Error(`it ended: ${said}`);
        return events.some(({ event }) => event === kind);
      }, patience);
      return events.splice(0, events.findIndex(({ event }) => event === kind) + 1).at(-1);
    },
    async end(): Promise<number | null> {
      if (child.exitCode === null) {
        child.kill('SIGINT');
        await once(child, 'exit');
      }
      return child.exitCode;
    },
  };
}

const connect = async (url: string): Promise<Client> => {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
};
const echo = async (client: Client, message: string): Promise<string> => {
  const { content } = await client.callTool({ name: 'echo', arguments: { message } });
  return content[0]?.type === 'text' ? content[0].text : '';
};

describe('plugin dev', { timeout: 300_000 }, () => {
  let dev: Awaited<ReturnType<typeof startDev>>;
  let folder = '';
  let client: Client;
  const write = (text: string) => writeFile(join(folder, 'hides.js'), text);

  beforeAll(async () => {
    folder = await pluginFolder('hides');
    dev = await startDev(folder);
    const { url } = await dev.next('serving');
    client = await connect(url);
  }, 300_000);
  afterAll(async () => {
    await client?.close();
    await dev?.end();
  });

  it('[AUT-30] serves what it built and tested, in front of something for each hook, and warns of what it is', async () => {
    expect(dev.said()).toContain('This is a development gateway');
    expect(await echo(client, 'a secret')).toBe('a [one]');
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['echo', 'echo_json', 'picture']);
    const { messages } = await client.getPrompt({ name: 'echo', arguments: { message: 'secret' } });
    expect(messages[0]?.content).toMatchObject({ text: '[one]' });
    expect(await client.readResource({ uri: 'echo:secret' })).toMatchObject({ contents: [{ text: '[one]' }] });
    const json = await client.callTool({ name: 'echo_json', arguments: { value: { a: 'secret' } } });
    expect(json).toMatchObject({ structuredContent: { a: '[one]' } });
    for (const hook of hooks) expect(await dev.next('call')).toMatchObject({ hook });
  });

  it('[AUT-31] prints of each call what went in, what came out, where they differ, and what the plugin logged', async () => {
    await echo(client, 'the last secret');
    let seen: Event;
    do seen = await dev.next('call');
    while (!JSON.stringify(seen.went_in).includes('the last secret') || seen.hook !== 'tool_post_invoke');
    expect(seen).toMatchObject({
      ...{ hook: 'tool_post_invoke', name: 'echo', outcome: 'modified', ms: expect.any(Number) },
      ...{ went_in: result('the last secret'), came_out: result('the last [one]') },
      differences: [{ path: 'val.content.0.val', before: 'the last secret', after: 'the last [one]' }],
      log: [{ level: 'info', message: 'looked' }],
    });
    await expect(echo(client, 'stop')).rejects.toThrow('It says stop.');
    const call = { tag: 'tool-call', val: { name: 'echo', arguments: { message: 'stop' } } };
    expect(await dev.next('call')).toMatchObject({
      ...{ hook: 'tool_pre_invoke', outcome: 'block', went_in: call, differences: [] },
      came_out: { code: 'STOP', reason: 'It says stop.' },
    });
  });

  it('[AUT-32] tells of a build or a case that fails, and goes on serving the last good build', async () => {
    await write('export const lifecycle = {');
    const { problems } = await dev.next('refused');
    expect(problems).toMatchObject([{ code: 'plugin_build_failed', plugin: 'hides' }]);
    await write(source('[one]').replaceAll('secret', 'plain'));
    expect(await dev.next('failed')).toMatchObject({ failed: 1, cases: [{ name: 'plain', passed: false }] });
    expect(await echo(client, 'a secret')).toBe('a [one]');
  });

  it('[AUT-33] gives a change to the requests that begin after it, and drops none', async () => {
    await write(source('[two]'));
    const answers: string[] = [];
    let reloaded = false;
    const calls = (async () => {
      while (!reloaded || answers.at(-1) !== '[two]') answers.push(await echo(client, 'secret'));
    })();
    const [{ digest }] = await Promise.all([dev.next('reloaded').finally(() => (reloaded = true)), calls]);
    expect(digest).toMatch(/^sha256:/);
    expect(answers.join()).toMatch(/^(\[one\],)+(\[two\],?)+$/);
  });

  it('[AUT-35] ends with Ctrl-C, and leaves nothing behind', async () => {
    await client.close();
    expect(await dev.end()).toBe(0);
    expect(await readdir(dev.temporary)).toEqual([]);
  });
});
