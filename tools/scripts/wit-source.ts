import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The worlds of the contract, one per kind of plugin. */
export const worlds = ['transform', 'identity', 'policy', 'federation', 'tools', 'sink', 'router'] as const;

/** Returns the package as one text, because the type generator takes one source with one package line. */
export async function witSource(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter(name => name.endsWith('.wit')).sort();
  const texts = await Promise.all(names.map(name => readFile(join(directory, name), 'utf8')));
  const packageLine = /^package .*;$/m;
  const first = packageLine.exec(texts[0] ?? '');
  return [first?.[0], ...texts.map(text => text.replace(packageLine, ''))].join('\n');
}
