import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Phrases that read as translated, each with a replacement. */
const phrases: readonly (readonly [phrase: string, better: string])[] = [
  ['is due', 'is required'],
  ['are due', 'are required'],
  ['that there are', 'known'],
  ['makes no sense', 'is invalid'],
  ['as it must be', 'valid'],
  ['anew', 'again'],
  ['mend', 'fix'],
  ['whoever', 'anyone who, or the noun'],
  ['to who', 'to clients that'],
  ['so many', 'this many'],
  ['is here twice', 'duplicate'],
  ['is there twice', 'duplicate'],
  ['without more ado', 'at once'],
  ['which it does not know', 'unknown'],
  ['nothing to refuse', 'OK'],
  ['is none of', 'is not one of'],
  ['stays so', 'happens again'],
  ['tells of', 'reports'],
  ['yields nothing', 'returns nothing'],
  ['nobody knows', 'unknown'],
  ['is told', 'is notified, or gets'],
  ['are told', 'are notified, or get'],
  ['stands in', 'is in'],
  ['in (the )?place of', 'instead of'],
  ['for ever', 'forever'],
  ['somebody', 'someone, or the noun'],
  ['answers nonsense', 'its answer is invalid'],
];

/** Phrases that comments should not have either; messages and documents may need them. */
const phrasesOfComments: typeof phrases = [
  ['goes on', 'continues'],
  ['is held to', 'is checked against'],
  ['makes of', 'the result'],
  ['yields (what|whether|it)', 'returns'],
  ['nobody (else|reads|waits|needs|may|can)', 'the passive voice, or the noun'],
  ['everybody', 'everyone, all callers, or the noun'],
  ['another one is begun', 'a new one is started'],
  ['/\\*\\* Of', 'a sentence with a subject'],
];

const patternOf = (list: typeof phrases) =>
  new RegExp(`(?<!\\w)(${list.map(([phrase]) => phrase).join('|')})(?!\\w)`, 'i');

const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean);
const documents = tracked.filter(path => /^(README\.md$|docs\/|tools\/)/.test(path) && path.endsWith('.md'));
const messages = tracked.filter(
  path => /^(host|tools\/\w+)\/src\/.*\.ts$/.test(path) && !/\.(test|case|d)\.ts$|generated\//.test(path),
);
const sources = tracked.filter(
  path => /\.(ts|js|go|rs|py|wit)$/.test(path) && !/^test\/phrases\.test\.ts$|generated\/|\/wasi\//.test(path),
);

/** Returns the text literals of a TypeScript source. */
const literalsOf = (source: string): readonly string[] =>
  source
    .replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    .match(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g) ?? [];

const slashComments = /\/\*[\s\S]*?\*\/|(?:^[ \t]*\/\/.*\n)+|(?<=\s)\/\/ .*$/gm;
const hashComments = /"""[\s\S]*?"""|(?:^[ \t]*#.*\n)+|(?<=\s)# .*$/gm;

/** Returns the comments and docstrings of a source, each as one line. */
const commentsOf = (path: string): readonly string[] =>
  (read(path).match(extname(path) === '.py' ? hashComments : slashComments) ?? []).map(comment =>
    comment.replace(/\s*\n\s*(\*(?!\/)|\/\/[/!]?|#)?\s*/g, ' ').trim(),
  );

const found = (pattern: RegExp, texts: readonly (readonly [place: string, text: string])[]) =>
  texts.flatMap(([place, text]) => {
    const match = pattern.exec(text);
    return match === null ? [] : [`${place}: ${text.slice(Math.max(0, match.index - 60), match.index + 80)}`];
  });

it('[RUN-109] no document has a phrase that reads as translated', () => {
  const lines = documents.flatMap(path =>
    read(path)
      .split('\n')
      .map((line, at) => [`${path}:${at + 1}`, line] as const),
  );
  expect(documents.length).toBeGreaterThan(5);
  expect(found(patternOf(phrases), lines)).toEqual([]);
});

it('[RUN-109] no message has a phrase that reads as translated', () => {
  expect(messages.length).toBeGreaterThan(300);
  const literals = messages.flatMap(path => literalsOf(read(path)).map(text => [path, text] as const));
  expect(found(patternOf(phrases), literals)).toEqual([]);
});

it('[RUN-109] no comment has a phrase that reads as translated', () => {
  expect(sources.length).toBeGreaterThan(700);
  const comments = sources.flatMap(path => commentsOf(path).map(text => [path, text] as const));
  expect(found(patternOf([...phrases, ...phrasesOfComments]), comments)).toEqual([]);
});

const read = (path: string) => readFileSync(join(root, path), 'utf8');
