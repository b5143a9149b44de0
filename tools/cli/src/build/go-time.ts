import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '@sallyport/host/core';
import { undeclared } from './go-adapter.ts';

const now = 'func Now() Time {\n';

/**
 * Makes `time.Now` panic in a plugin without the capability `clock`, by compiling a patched package time. The adapter
 * cannot do it, because the runtime reads the time with the same call when it collects garbage. Returns the path of the
 * file for `-overlay`.
 * @throws Fault `plugin_build_failed` when this Go has another `time.Now`
 */
export async function refuseTime(plugin: string, goRoot: string, scratch: string): Promise<string> {
  const file = join(goRoot, 'src/time/time.go');
  const source = await readFile(file, 'utf8').catch(() => '');
  if (source.split(now).length !== 2) {
    const hint = 'add "clock" to required_capabilities in plugin.json, or use an older Go';
    return fail('plugin_build_failed', { plugin, what: `${file} does not have the expected text of time.Now`, hint });
  }
  const refusing = join(scratch, 'time.go');
  const panic = `panic(${JSON.stringify(undeclared('time.Now', 'clock'))})`;
  await writeFile(refusing, source.replace(now, now.replace('\n', ` ${panic}\n`)));
  const overlay = join(scratch, 'overlay.json');
  await writeFile(overlay, JSON.stringify({ Replace: { [file]: refusing } }));
  return overlay;
}
