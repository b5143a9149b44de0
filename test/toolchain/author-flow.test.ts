import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { startEchoUpstream } from '@sallyport/cli/dev/echo-upstream';
import { languages } from '@sallyport/cli/new/languages';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { startDockerRegistry } from '../fixtures/docker-registry.ts';
import { isMissing, itWith } from '../prerequisite.ts';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'tools/cli/bin/sallyport.js');
const id = 'hide-words';
const minutes = 60_000;

/** The program without which plugins of a language cannot be built here. */
const needs: Readonly<Record<string, string>> = { rust: 'wasm-ld-22', go: 'go', python: 'componentize-py' };

/** What each language took: seconds by step, and the figures of its component. */
const table: Record<string, Record<string, number>> = {};

let home = '';
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sallyport-author-'));
  // What the standard library and the dependencies of Rust were compiled to is shared with other tests.
  env = { ...process.env, DOCKER_CONFIG: join(home, 'docker'), CARGO_TARGET_DIR: join(root, 'target') };
});
afterAll(async () => {
  await rm(home, { recursive: true, force: true });
  if (Object.keys(table).length === 0) return;
  console.table(table);
  // The environment can name a file to save the figures in.
  const file = process.env.SALLYPORT_AUTHOR_FLOW;
  if (file !== undefined) await writeFile(file, `${JSON.stringify(table, null, 2)}\n`);
});

describe.each(Object.keys(languages))('an author of a plugin in %s', language => {
  const figures: Record<string, number> = {};
  let folder = '';
  let isReproducible = false;

  const sallyport = async (cwd: string, ...argv: string[]) => {
    const options = { cwd, env, maxBuffer: 64 * 2 ** 20 };
    return JSON.parse((await promisify(execFile)(process.execPath, [main, ...argv, '--json'], options)).stdout);
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
    '[AUT-55][AUT-43][AUT-67][AUT-79] makes, builds, tests, signs and pushes it, and clients of a gateway see what it does',
    { timeout: 15 * minutes },
    async () => {
      table[language] = figures;
      const { host } = await startDockerRegistry();
      const reference = `${host}/acme/${id}:0.1.0`;
      const work = join(home, language);
      folder = join(work, id);
      await mkdir(work);

      await timed('new', sallyport(work, 'plugin', 'new', id, '--lang', language));
      const built = await timed('build', sallyport(folder, 'plugin', 'build'));
      isReproducible = built.reproducible;
      expect(built).toMatchObject({ plugin: id, language, component: `${id}.wasm` });
      const tested = await timed('test', sallyport(folder, 'plugin', 'test', '--component', `${id}.wasm`));
      expect(tested).toMatchObject({ failed: 0, coverage: { tool_post_invoke: expect.any(Number) } });
      await sallyport(work, 'keygen');
      await timed('sign', sallyport(folder, 'plugin', 'sign', '--key', '../signing-key.pem', `${id}.wasm`));
      const key = ['--key', '../signing-key.pub.pem'];
      await timed('push', sallyport(folder, 'plugin', 'push', '--tag', reference, ...key, `${id}.wasm`));

      const { url, upstream } = await timed('serve', serve(work, reference));
      const client = new Client({ name: 'author', version: '0.1.0' });
      await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
      const call = client.callTool({ name: 'echo', arguments: { message: 'the password is known' } });
      expect(await timed('call', call)).toMatchObject({ content: [{ text: 'the [hidden] is known' }] });
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
      if (!isReproducible) return;
      const elsewhere = join(home, language, 'elsewhere/again');
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
    const config = {
      ...{ listen: '127.0.0.1:0', cache_dir: './cache', limits: { lanes: 1 } },
      plugins: [{ id, source: { oci: reference, public_key_file: './signing-key.pub.pem' } }],
      upstreams: [{ id: 'echo', http: { url: upstream.url } }],
      bindings: [{ id: 'main', upstreams: ['echo'], transforms: [id] }],
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
