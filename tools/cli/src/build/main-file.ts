import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Finds the entry module of a single-file plugin: `main` of its package.json, or else the only file with that extension
 * next to plugin.json. Undefined when there is none.
 * @param extension with its dot
 */
export async function mainFile(folder: string, extension: string): Promise<string | undefined> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined);
  if (text !== undefined) {
    const main = mainOf(text);
    return main?.endsWith(extension) ? join(folder, main) : undefined;
  }
  const names = await readdir(folder).catch(() => []);
  const [only, ...others] = names.filter(name => name.endsWith(extension) && !name.endsWith(`.d${extension}`));
  return only === undefined || others.length > 0 ? undefined : join(folder, only);
}

function mainOf(packageJson: string): string | undefined {
  try {
    const { main } = JSON.parse(packageJson) as { main?: unknown };
    return typeof main === 'string' ? main : undefined;
  } catch {
    return undefined;
  }
}
