import { extname } from 'node:path';
import { fail } from '@sallyport/host/core';
import { go } from './go.ts';
import { js, ts } from './js.ts';
import { python } from './python.ts';
import { rust } from './rust.ts';
import type { Toolchain } from './toolchain.ts';

/** The toolchains of all languages. To add one, add a file and a line here. */
const toolchains: readonly Toolchain[] = [rust, go, js, ts, python];

/**
 * Returns the toolchain for the plugin in `folder`, or for the extension of the module that the author named.
 * @throws Fault `plugin_build_failed` when no toolchain matches, or more than one
 */
export async function toolchainOf(plugin: string, folder: string, source?: string): Promise<Toolchain> {
  if (source !== undefined) {
    const named = toolchains.find(({ extension }) => extension !== undefined && extension === extname(source));
    const extensions = toolchains.flatMap(({ extension }) => extension ?? []).join(', ');
    return (
      named ?? fail('plugin_build_failed', { plugin, file: source, hint: `name a file that ends in ${extensions}` })
    );
  }
  const recognized = await Promise.all(toolchains.map(async each => ((await each.recognizes(folder)) ? [each] : [])));
  const [one, other] = recognized.flat();
  if (one === undefined) {
    const hint = 'put Cargo.toml, go.mod, package.json with "main", or one module (.js, .ts, .py) next to plugin.json';
    return fail('plugin_build_failed', { plugin, folder, what: 'cannot tell which language it is written in', hint });
  }
  if (other !== undefined) {
    const what = `it could be written in ${one.language} or ${other.language}`;
    return fail('plugin_build_failed', {
      plugin,
      folder,
      what,
      hint: 'remove one, or name the module with --source',
    });
  }
  return one;
}
