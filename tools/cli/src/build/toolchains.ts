import { extname } from 'node:path';
import { fail } from '@sallyport/host/core/fault';
import { go } from './go.ts';
import { js, ts } from './js.ts';
import { python } from './python.ts';
import { rust } from './rust.ts';
import type { Toolchain } from './toolchain.ts';

/** Every language that plugins are built from. A new one is one more file and one more line here. */
const toolchains: readonly Toolchain[] = [rust, go, js, ts, python];

/**
 * The one that builds the plugin in `folder`; where the author named a module, the one of its extension.
 * @throws Fault `plugin_build_failed` when there is none, or more than one
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
    const hint =
      'put Cargo.toml, go.mod, package.json with its "main", or one module (.js, .ts, .py) beside plugin.json';
    return fail('plugin_build_failed', { plugin, folder, what: 'it is in no language that is known here', hint });
  }
  if (other !== undefined) {
    const what = `it may be written in ${one.language} or in ${other.language}`;
    return fail('plugin_build_failed', {
      plugin,
      folder,
      what,
      hint: 'take one out, or name the module with --source',
    });
  }
  return one;
}
