import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fail } from '@sallyport/host/core/fault';
import { pluginIdSchema } from '@sallyport/host/core/plugin-descriptor';
import type { Toolchain } from '../build/toolchain.ts';
import { languages } from './languages.ts';

const templates = join(import.meta.dirname, '../../template');

export interface NewPlugin {
  readonly id: string;
  readonly language: Toolchain['language'];
  /** The folder that is made. */
  readonly folder: string;
}

/**
 * Makes the folder of a new plugin from the templates, whole or not at all. Yields the names of its files.
 * @throws Fault `usage` for a name that no plugin can have, `file_exists`, `file_unwritable`
 */
export async function newPlugin({ id, language, folder }: NewPlugin): Promise<readonly string[]> {
  const { error } = pluginIdSchema.safeParse(id);
  if (error) {
    const near = id
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+|-$/g, '')
      .slice(0, 63);
    const hint = near === '' ? 'a name is like redact-emails' : `for example: ${near}`;
    return fail('usage', { NAME: id, what: error.issues[0]?.message ?? 'not a name', hint });
  }
  if ((await stat(folder).catch(() => undefined)) !== undefined) return fail('file_exists', { file: folder });

  const files = await filesOf(id, language);
  const beside = dirname(resolve(folder));
  let draft: string | undefined;
  try {
    await mkdir(beside, { recursive: true });
    draft = await mkdtemp(join(beside, `.${id}-`));
    for (const [name, text] of files) {
      const file = join(draft, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    await rename(draft, folder);
  } catch (error) {
    if (draft !== undefined) await rm(draft, { recursive: true, force: true });
    const { code = String(error) } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return fail('file_exists', { file: folder });
    return fail('file_unwritable', { file: folder, what: code }, error);
  }
  return [...files.keys()].toSorted();
}

/** Text by name, in the folder of the plugin. */
async function filesOf(id: string, language: Toolchain['language']): Promise<ReadonlyMap<string, string>> {
  const { toolchain, setup } = languages[language];
  const words: Readonly<Record<string, string>> = {
    ...{ id, name: id.replaceAll('-', '_'), toolchain },
    description: 'Replaces a word in the text of tool results.',
    setup: setup.map(line => `\n      ${line}`).join(''),
  };
  const fill = (text: string) => text.replace(/\{\{(\w+)\}\}/g, (whole, word: string) => words[word] ?? whole);
  const files = new Map<string, string>();
  for (const template of ['common', language]) {
    const folder = join(templates, template);
    for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const name = fill(path.slice(folder.length + 1)).replace(/(^|\/)_gitignore$/, '$1.gitignore');
      const text = fill(await readFile(path, 'utf8'));
      files.set(name, name.endsWith('.gitignore') ? `${files.get(name) ?? ''}${text}` : text);
    }
  }
  return files;
}
