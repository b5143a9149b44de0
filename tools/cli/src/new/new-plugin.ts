import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { pluginIdSchema } from '@sallyport/host/contract';
import { fail } from '@sallyport/host/core';
import type { AuthoredKind } from '../build/authored-kinds.ts';
import type { Toolchain } from '../build/toolchain.ts';
import { languages } from './languages.ts';
import { templateKinds } from './template-kinds.ts';

const root = join(import.meta.dirname, '../../../..');
const templates = 'tools/cli/template';

export interface NewPlugin {
  readonly id: string;
  readonly language: Toolchain['language'];
  readonly kind: AuthoredKind;
  /** The folder to create. */
  readonly folder: string;
}

/**
 * Creates the folder of a new plugin from the templates and the SDK of its language, completely or not at all. Returns
 * the names of its files.
 * @throws Fault `usage` for an invalid plugin name, `file_exists`, `file_unwritable`
 */
export async function newPlugin(plugin: NewPlugin): Promise<readonly string[]> {
  const { id, folder } = plugin;
  const { error } = pluginIdSchema.safeParse(id);
  if (error) {
    const near = id
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+|-$/g, '')
      .slice(0, 63);
    const hint = near === '' ? 'use a name like redact-emails' : `for example: ${near}`;
    return fail('usage', { NAME: id, what: error.issues[0]?.message ?? 'not a valid name', hint });
  }
  if ((await stat(folder).catch(() => undefined)) !== undefined) return fail('file_exists', { file: folder });

  const files = await filesOf(plugin);
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

/** Returns the texts of the files in the plugin's folder, by name. Files of one name in several templates are joined. */
async function filesOf({ id, language, kind }: NewPlugin): Promise<ReadonlyMap<string, string>> {
  const { toolchain, setup, sdk } = languages[language];
  const words: Readonly<Record<string, string>> = {
    ...{ id, name: id.replaceAll('-', '_'), toolchain },
    ...templateKinds[kind],
    setup: setup.map(line => `\n      ${line}`).join(''),
  };
  const fill = (text: string) => text.replace(/\{\{(\w+)\}\}/g, (whole, word: string) => words[word] ?? whole);
  const files = new Map<string, string>();
  for (const template of [`${kind}/common`, 'common', language, `${kind}/${language}`]) {
    for (const [path, text] of await textsIn(join(templates, template))) {
      const name = fill(path).replace(/(^|\/)_gitignore$/, '$1.gitignore');
      files.set(name, `${files.get(name) ?? ''}${fill(text)}`);
    }
  }
  for (const [from, to] of Object.entries(sdk)) {
    for (const [path, text] of await textsIn(from)) if (!path.endsWith('_test.go')) files.set(join(to, path), text);
  }
  return files;
}

/** Lists the files of a folder of the repository by their path in it, without links. */
async function textsIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const base = join(root, folder);
  const entries = await readdir(base, { withFileTypes: true, recursive: true });
  const paths = entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return new Map(
    await Promise.all(paths.map(async path => [relative(base, path), await readFile(path, 'utf8')] as const)),
  );
}
