import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fail } from '@sallyport/host/core/fault';
import { componentize } from 'componentize-qjs';
import { mainFile } from './main-file.ts';
import { prelude } from './prelude.ts';
import type { Toolchain } from './toolchain.ts';
import { worldName } from './world.ts';

/** JavaScript, with QuickJS. What the module imports relatively lies in its folder or below. */
export const js: Toolchain = {
  language: 'js',
  extension: '.js',
  reproducible: false,
  recognizes: async folder => (await mainFile(folder, '.js')) !== undefined,

  async build({ folder, descriptor, worldDir, source }) {
    const file = source ?? (await mainFile(folder, '.js')) ?? folder;
    const script = await readFile(file, 'utf8').catch(error =>
      fail('plugin_build_failed', { plugin: descriptor.id, file, hint: 'name a file that can be read' }, error),
    );
    try {
      const { component } = await componentize({
        witPath: worldDir,
        world: worldName,
        jsSource: `${prelude(descriptor)} ${script}`,
        jsPath: resolve(file),
        moduleRoot: dirname(resolve(file)),
        sync: true,
        stubWasi: true,
        optSize: true,
      });
      return component;
    } catch (error) {
      return fail('plugin_build_failed', { plugin: descriptor.id, file, ...explain(error) }, error);
    }
  },
};

/** The top level of a plugin runs while it is built, and there is no gateway yet that could answer it. */
function explain(error: unknown): { readonly what: string; readonly hint?: string } {
  const text = error instanceof Error ? error.message : String(error);
  const called = /adapter ([a-z-]+)/.exec(text)?.[1];
  if (called === undefined) return { what: text.replace(/^[: ]+/, '').trim() };
  return {
    what: `the host's ${called} is called at the top level of the module`,
    hint: 'call console, Date, Math.random and all imports within configure or a hook',
  };
}
