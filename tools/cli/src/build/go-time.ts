import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '@sallyport/host/core/fault';
import { undeclared } from './go-adapter.ts';

const now = 'func Now() Time {\n';

/**
 * Has Go compile its package time with a `time.Now` that panics, for a plugin without the capability `clock`. Seen from
 * outside, the runtime asks for the time in the same way when it collects garbage. Yields the file that `-overlay` takes.
 * @throws Fault `plugin_build_failed` when this Go has another `time.Now`
 */
export async function refuseTime(plugin: string, goRoot: string, scratch: string): Promise<string> {
  const file = join(goRoot, 'src/time/time.go');
  const source = await readFile(file, 'utf8').catch(() => '');
  if (source.split(now).length !== 2) {
    const hint = 'add "clock" to required_capabilities in plugin.json, or use an older Go';
    return fail('plugin_build_failed', { plugin, what: `${file} is not as expected`, hint });
  }
  const refusing = join(scratch, 'time.go');
  const panic = `panic(${JSON.stringify(undeclared('time.Now', 'clock'))})`;
  await writeFile(refusing, source.replace(now, now.replace('\n', ` ${panic}\n`)));
  const overlay = join(scratch, 'overlay.json');
  await writeFile(overlay, JSON.stringify({ Replace: { [file]: refusing } }));
  return overlay;
}
