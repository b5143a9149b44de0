import { Fault, repeatedName } from '@sallyport/host/core';

const strings = /"(?:\\.|[^"\\\n])*"/;
const comments = new RegExp(`(${strings.source})|//[^\\n]*|/\\*[\\s\\S]*?\\*/`, 'g');
const lastCommas = new RegExp(`(${strings.source})|,(?=\\s*[}\\]])`, 'g');

/**
 * Parses JSON as editors write it, with comments and commas at the end of lists.
 * @throws Fault `import_invalid`, with the line
 */
export function parseJsonWithComments(text: string, file: string): unknown {
  // What is left out becomes spaces, so that places stay what they are.
  const blank = (found: string, string: string | undefined) => string ?? found.replace(/[^\n]/g, ' ');
  const json = text
    .replace(/^\uFEFF/, '')
    .replace(comments, blank)
    .replace(lastCommas, blank);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    const [, line] = /\(line (\d+) column \d+\)/.exec((error as Error).message) ?? [];
    // The message of the engine repeats a part of the text, which may be a secret.
    throw new Fault('import_invalid', {
      file,
      ...(line !== undefined && { line: Number(line) }),
      what: 'it is not JSON',
    });
  }
  const repeated = repeatedName(json);
  if (repeated !== undefined) throw new Fault('import_invalid', { file, what: `the member ${repeated} occurs twice` });
  return value;
}
