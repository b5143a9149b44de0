import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readDescriptor } from '@sallyport/host/wasm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { instantiate } from '../../../../test/fixtures/instantiate.ts';
import { descriptorOf } from '../../../../test/fixtures/signed-plugin.ts';
import { itWith } from '../../../../test/prerequisite.ts';
import { readDescriptorFile } from '../artifact/read-descriptor-file.ts';
import { buildPlugin } from './build-plugin.ts';

const root = join(import.meta.dirname, '../../../..');
const example = join(root, 'plugins-examples/redact-emails-go');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-go-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

const itWithGo = itWith('go');
const minutes = 60_000;

describe('redact-emails-go', () => {
  const build = async (of = example) => {
    const descriptor = await readDescriptorFile(join(of, 'plugin.json'));
    const { bytes } = await buildPlugin({ folder: of, descriptor, out: join(folder, 'out.wasm') });
    return { descriptor, bytes };
  };
  itWithGo(
    '[AUT-60] imports what it uses and nothing more, and is the same bytes wherever it is built',
    async () => {
      const { descriptor, bytes } = await build();
      expect((await instantiate(bytes, {})).imports).toEqual(['sallyport:plugin/log']);
      expect(readDescriptor(bytes)).toEqual(descriptor);
      const elsewhere = join(folder, 'plugins-examples/elsewhere');
      await cp(example, elsewhere, { recursive: true });
      await cp(join(root, 'sdk/go'), join(folder, 'sdk/go'), { recursive: true });
      vi.stubEnv('GOFLAGS', '-tags=other');
      expect(Buffer.compare((await build(elsewhere)).bytes, bytes)).toBe(0);
    },
    10 * minutes,
  );
});

describe('a plugin in Go', () => {
  const source = (imports: readonly string[], hook: string) => `package main

import (
	"sallyport"
${imports.map(each => `\t"${each}"\n`).join('')})

type plugin struct{ sallyport.PassThrough }

func init() { sallyport.Export(&plugin{}) }
func main() {}

func (*plugin) After(ctx sallyport.CallContext, response sallyport.Response) (sallyport.ResponseOutcome, error) {
${hook}
	return sallyport.Proceed{}, nil
}
`;
  const write = async (text: string) => {
    const own = await mkdtemp(join(folder, 'own-'));
    const sdk = join(root, 'sdk/go');
    const mod = `module own\n\ngo 1.24\n\nrequire sallyport v0.0.0\n\nreplace sallyport => ${sdk}\n`;
    await writeFile(join(own, 'go.mod'), mod);
    await writeFile(join(own, 'main.go'), text);
    return own;
  };
  const build = (own: string, capabilities: readonly string[] = []) => {
    const descriptor = descriptorOf({ required_capabilities: [...capabilities] });
    return buildPlugin({ folder: own, descriptor, out: join(own, 'out.wasm') });
  };

  itWithGo(
    '[AUT-89] is told that time.LoadLocation finds no zone, unless it brings them',
    async () => {
      const hook = '\t_, err := time.LoadLocation("Europe/Berlin")\n\tsallyport.Infof("%v", err)';
      const told = async (text: string) => {
        const lines: string[] = [];
        const descriptor = descriptorOf({ required_capabilities: ['clock'] });
        const own = await write(text);
        await buildPlugin({ folder: own, descriptor, out: join(own, 'out.wasm'), say: line => void lines.push(line) });
        return lines;
      };
      const text = source(['time'], hook);
      expect(await told(text)).toEqual([expect.stringContaining('import _ "time/tzdata"')]);
      expect(await told(text.replace('\t"time"', '\t"time"\n\t_ "time/tzdata"'))).toEqual([]);
    },
    10 * minutes,
  );

  itWithGo.each([
    ['its own mistake, with file and line', source([], '\tnothing.here()'), /main\.go:13:2: undefined: nothing/],
    [
      'a capability that it uses and does not declare',
      source([], '\tsallyport.KVStoreGet("a")'),
      /capability kv_store$/,
    ],
    [
      'random numbers that would be none',
      source(['math/rand/v2'], '\tprintln(rand.N(6))'),
      /^it uses math\/rand\/v2, /,
    ],
    [
      'random numbers that would be none, of old',
      source(['math/rand'], '\tprintln(rand.Intn(6))'),
      /^it uses math\/rand, /,
    ],
    ['that it exports nothing', 'package main\n\nfunc main() {}\n', /^it does not export a plugin$/],
  ])(
    '[AUT-65] is told %s',
    async (_, text, says) => {
      await expect(build(await write(text))).rejects.toMatchObject({
        code: 'plugin_build_failed',
        details: { plugin: 'redact', what: expect.stringMatching(says) },
      });
    },
    5 * minutes,
  );

  it('[AUT-65] is told what to install when there is no Go', async () => {
    const own = await write(source([], ''));
    vi.stubEnv('PATH', folder);
    await expect(build(own)).rejects.toMatchObject({
      code: 'toolchain_missing',
      details: { what: 'Go is not installed' },
      hint: expect.stringContaining('install Go 1.24 or later'),
    });
  });

  it('[AUT-65] is told what to install when Go is too old', async () => {
    const own = await write(source([], ''));
    await writeFile(join(own, 'go'), '#!/bin/sh\necho go1.19.8\n', { mode: 0o755 });
    vi.stubEnv('PATH', `${own}:/bin`);
    await expect(build(own)).rejects.toMatchObject({
      code: 'toolchain_missing',
      details: { what: 'go1.19.8 does not export functions to WebAssembly' },
    });
  });
});

itWithGo(
  '[AUT-64] the helpers do what their own tests say, outside of a gateway too',
  async () => {
    const { stdout } = await promisify(execFile)('go', ['test', './...'], { cwd: join(root, 'sdk/go') });
    expect(stdout).toMatch(/^ok/);
  },
  5 * minutes,
);
