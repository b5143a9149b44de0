import { fail } from '@sallyport/host/core';
import { type AuthoredKind, authoredKinds } from '../../build/authored-kinds.ts';
import type { Toolchain } from '../../build/toolchain.ts';
import { defineCommand } from '../../command.ts';
import { languages } from '../../new/languages.ts';
import type { Terminal } from '../../terminal.ts';

const names = Object.keys(languages) as readonly Toolchain['language'][];

export const command = defineCommand({
  summary: 'create a new plugin: source, plugin.json, cases, README, a GitHub Actions workflow',
  about: 'Prompts for missing values when run at a terminal. An existing folder is not changed.',
  arguments: { NAME: { says: 'the id of the plugin, for example redact-emails', optional: true } },
  options: {
    lang: { value: 'LANGUAGE', choices: names, says: 'the language to write it in' },
    kind: { value: 'KIND', choices: authoredKinds, default: 'transform', says: 'the kind of plugin' },
    out: { value: 'FOLDER', says: 'the folder to create (default: NAME)' },
  },
  example: 'sallyport plugin new hide-words --lang rust',
  async run({ options: { lang, kind, out }, args: { NAME: given } }, { terminal }) {
    const id =
      given ?? (await terminal.ask('Name of the plugin', { instead: 'sallyport plugin new NAME --lang LANGUAGE' }));
    const language = lang === undefined ? await askLanguage(terminal) : (lang as Toolchain['language']);
    const folder = out ?? id;
    const { newPlugin } = await import('../../new/new-plugin.ts');
    const files = await newPlugin({ id, language, kind: kind as AuthoredKind, folder });
    const { toolchain } = languages[language];
    return {
      json: { plugin: id, kind, language, folder, files },
      text: [
        `plugin: ${id}`,
        `folder: ${folder}`,
        ...files.map(file => `  ${file}`),
        `needs: ${toolchain}`,
        `next: sallyport plugin test ${folder}`,
      ].join('\n'),
    };
  },
});

async function askLanguage(terminal: Terminal): Promise<Toolchain['language']> {
  const answer = await terminal.ask(`Language (${names.join(', ')})`, { instead: `--lang ${names.join('|')}` });
  return names.find(name => name === answer.trim()) ?? fail('usage', { language: answer, choices: names });
}
