import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Fault, fail } from '@sallyport/host/core/fault';
import type { PluginDescriptor } from '@sallyport/host/core/plugin-descriptor';
import { embedDescriptor } from '@sallyport/host/verify/descriptor-section';
import { componentize } from 'componentize-qjs';
import { prelude } from './prelude.ts';
import { worldName, writeWorld } from './world.ts';

export interface JavaScriptBuild {
  /** The plugin's module, JavaScript. What it imports relatively lies in its folder or below. */
  readonly source: string;
  readonly descriptor: PluginDescriptor;
  /** The folder wit/ of the contract. */
  readonly witDir: string;
  /** Where the component is written. */
  readonly out: string;
}

/**
 * Makes a component of a JavaScript plugin, with its descriptor embedded, and writes it. Yields its bytes.
 * @throws Fault `plugin_build_failed`
 */
export async function buildJavaScript({ source, descriptor, witDir, out }: JavaScriptBuild): Promise<Uint8Array> {
  const script = await readFile(source, 'utf8').catch(error =>
    fail('plugin_build_failed', { plugin: descriptor.id, file: source, hint: 'name a file that can be read' }, error),
  );
  const wit = await mkdtemp(join(tmpdir(), 'sallyport-world-'));
  try {
    await writeWorld(descriptor, witDir, wit);
    const { component } = await componentize({
      witPath: wit,
      world: worldName,
      jsSource: `${prelude(descriptor)} ${script}`,
      jsPath: resolve(source),
      moduleRoot: dirname(resolve(source)),
      sync: true,
      stubWasi: true,
      optSize: true,
    });
    const bytes = embedDescriptor(component, descriptor);
    await writeFile(out, bytes);
    return bytes;
  } catch (error) {
    if (error instanceof Fault) throw error;
    return fail('plugin_build_failed', { plugin: descriptor.id, file: source, ...explain(error) }, error);
  } finally {
    await rm(wit, { recursive: true, force: true });
  }
}

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
