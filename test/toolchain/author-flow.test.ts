import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { startEchoUpstream } from '@sallyport/cli/dev/echo-upstream';
import { languages } from '@sallyport/cli/new/languages';
import { templateKinds } from '@sallyport/cli/new/template-kinds';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { startDockerRegistry } from '../fixtures/docker-registry.ts';
import { isMissing, itWith } from '../prerequisite.ts';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'tools/cli/bin/sallyport.js');
const minutes = 60_000;

/** What the operator configures: the word that is replaced, the tools that need a scope, those that are hidden. */
const configsFor = (upstream: string) => ({
  ...{ transform: { word: 'password' }, policy: { prefix: 'echo' }, identity: { subject: 'author' } },
  federation: { origins: [new URL(upstream).origin], hidden: 'echo' },
});

const serviceKey = 'k-0123456789';

/** The parts of the configuration that use the plugin, by its kind. */
const placesOf = (id: string) => ({
  transform: { binding: { transforms: [id] }, plugin: {}, more: {} },
  policy: { binding: { policies: [id] }, plugin: {}, more: {} },
  federation: { binding: {}, plugin: {}, more: { federation: [id] } },
  identity: {
    binding: { allow: [{ subjects: ['author:author'] }] },
    plugin: { grants: { secret_store: { names: ['service-key'] } } },
    more: {
      identity: { schemes: [{ id: 'author', plugin: { id, header: 'x-service-key' } }] },
      secrets: [{ name: 'service-key', env: 'SERVICE_KEY' }],
    },
  },
});

/** The program without which plugins of a language cannot be built here. */
const needs: Readonly<Record<string, string>> = { rust: 'wasm-ld-22', go: 'go', python: 'componentize-py' };

const plugins = Object.keys(languages).flatMap(language =>
  Object.keys(templateKinds).map(kind => ({ language, kind: kind as keyof typeof templateKinds })),
);

/** What each plugin took: seconds by step, and the figures of its component. */
const table: Record<string, Record<string, number>> = {};

let home = '';
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sallyport-author-'));
  // What the standard library and the dependencies of Rust were compiled to is shared with other tests.
  const own = { DOCKER_CONFIG: join(home, 'docker'), SERVICE_KEY: serviceKey };
  env = { ...process.env, ...own, CARGO_TARGET_DIR: join(root, 'target') };
});
afterAll(async () => {
  await rm(home, { recursive: true, force: true });
  if (Object.keys(table).length === 0) return;
  console.table(table);
  // The environment can name a file to save the figures in.
  const file = process.env.SALLYPORT_AUTHOR_FLOW;
  if (file !== undefined) await writeFile(file, `${JSON.stringify(table, null, 2)}\n`);
});

describe.each(plugins)('an author of a plugin of kind $kind in $language', ({ language, kind }) => {
  const id = { transform: 'hide-words', policy: 'need-scope', identity: 'service-key', federation: 'guard' }[kind];
  const figures: Record<string, number> = {};
  let folder = '';
  let isReproducible = false;

  const sallyport = async (cwd: string, ...argv: string[]) => {
    const options = { cwd, env, maxBuffer: 64 * 2 ** 20 };
    const running = promisify(execFile)(process.execPath, [main, ...argv, '--json'], options);
    // With --json the command explains a failure on stdout.
    const { stdout } = await running.catch(({ message, code, signal, stdout }) => {
      throw new Error(`${message}\nended with ${code ?? signal}: ${stdout}`);
    });
    return JSON.parse(stdout);
  };
  const timed = async <T>(step: string, doing: Promise<T>): Promise<T> => {
    const began = performance.now();
    const done = await doing;
    figures[step] = Math.round((performance.now() - began) / 10) / 100;
    return done;
  };
  const missing = [needs[language] ?? [], 'docker-registry'].flat().find(isMissing);
  const itHere = missing === undefined ? it : itWith(missing);

  itHere(
    '[AUT-55][AUT-43][AUT-67][AUT-79][AUT-122] makes, builds, tests, signs and pushes it, and clients of a gateway see what it does',
    { timeout: 15 * minutes },
    async () => {
      table[`${kind} in ${language}`] = figures;
      const { host } = await startDockerRegistry();
      const reference = `${host}/acme/${id}:0.1.0`;
      const work = join(home, kind, language);
      folder = join(work, id);
      await mkdir(work, { recursive: true });

      await timed('new', sallyport(work, 'plugin', 'new', id, '--kind', kind, '--lang', language));
      const built = await timed('build', sallyport(folder, 'plugin', 'build'));
      isReproducible = built.reproducible;
      expect(built).toMatchObject({ plugin: id, language, component: `${id}.wasm` });
      const tested = await timed('test', sallyport(folder, 'plugin', 'test', '--component', `${id}.wasm`));
      const hooks = {
        ...{ transform: ['tool_post_invoke'], policy: ['policy_decide', 'policy_decide_many'] },
        ...{ identity: ['identify'], federation: ['server_pre_register', 'federation_post_sync'] },
      }[kind];
      expect(tested).toMatchObject({ failed: 0 });
      expect(Object.keys(tested.coverage)).toEqual(hooks);
      await sallyport(work, 'keygen');
      await timed('sign', sallyport(folder, 'plugin', 'sign', '--key', '../signing-key.pem', `${id}.wasm`));
      const key = ['--key', '../signing-key.pub.pem'];
      await timed('push', sallyport(folder, 'plugin', 'push', '--tag', reference, ...key, `${id}.wasm`));

      const { url, upstream } = await timed('serve', serve(work, reference));
      const client = new Client({ name: 'author', version: '0.1.0' });
      const headers = kind === 'identity' ? { 'x-service-key': serviceKey } : undefined;
      await client.connect(
        new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { ...(headers && { requestInit: { headers } }) }),
      );
      const call = client.callTool({ name: 'echo', arguments: { message: 'the password is known' } });
      if (kind === 'transform') {
        expect(await timed('call', call)).toMatchObject({ content: [{ text: 'the [hidden] is known' }] });
      } else if (kind === 'identity') {
        expect(await timed('call', call)).toMatchObject({ content: [{ text: 'the password is known' }] });
        expect((await fetch(`${url}/mcp`, { method: 'POST', headers: { 'x-service-key': 'wrong' } })).status).toBe(401);
      } else {
        const why = kind === 'policy' ? 'The scope admin is required.' : 'No upstream of this binding has a tool';
        await expect(timed('call', call)).rejects.toThrow(why);
        expect((await client.listTools()).tools.map(({ name }) => name)).not.toContain('echo');
      }
      await client.close();
      await upstream[Symbol.asyncDispose]();

      const [first] = tested.cases as readonly { memory_bytes: number }[];
      figures.component_bytes = built.bytes;
      figures.memory_bytes = first?.memory_bytes ?? 0;
    },
  );

  itHere(
    '[AUT-56][AUT-41] gets the same digest for the same source elsewhere, or is told that it is not so',
    { timeout: 15 * minutes },
    async () => {
      expect(isReproducible).toBe(language === 'rust' || language === 'go');
      // The kind makes no difference to that.
      if (!isReproducible || kind !== 'transform') return;
      const elsewhere = join(home, kind, language, 'elsewhere/again');
      await cp(folder, elsewhere, { recursive: true });
      const [one, again] = [join(folder, `${id}.wasm`), join(elsewhere, `${id}.wasm`)];
      await rm(again);
      await timed('build again', sallyport(elsewhere, 'plugin', 'build'));
      const [bytes, same] = [await readFile(one), await readFile(again)];
      expect(same.equals(bytes)).toBe(true);
      for (const path of [root, home, homedir(), '.cargo']) expect(bytes.includes(path), path).toBe(false);
    },
  );

  /** A gateway of its own process, with the plugin by its tag in front of an upstream. */
  async function serve(work: string, reference: string) {
    const upstream = await startEchoUpstream();
    const { binding, plugin, more } = placesOf(id)[kind];
    const config = {
      ...{ listen: '127.0.0.1:0', cache_dir: './cache', limits: { lanes: 1 } },
      plugins: [
        {
          id,
          source: { oci: reference, public_key_file: './signing-key.pub.pem' },
          config: configsFor(upstream.url)[kind],
          ...plugin,
        },
      ],
      upstreams: [{ id: 'echo', http: { url: upstream.url } }],
      bindings: [{ id: 'main', upstreams: ['echo'], ...binding }],
      ...more,
    };
    await writeFile(join(work, 'sallyport.yaml'), stringify(config));
    const child = spawn(process.execPath, [main, 'serve'], { cwd: work, env, stdio: ['ignore', 'ignore', 'pipe'] });
    onTestFinished(() => void child.kill());
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stderr })) {
      lines.push(line);
      const [, url] = /"url":"([^"]+)".*"msg":"serving"/.exec(line) ?? [];
      if (url === undefined) continue;
      child.stderr.resume();
      return { url, upstream };
    }
    throw new Error(`the gateway did not start:\n${lines.join('\n')}`);
  }
});
