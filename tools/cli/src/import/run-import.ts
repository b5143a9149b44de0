import { fail } from '@sallyport/host/core';
import type { Options, Result } from '../command.ts';
import { readInput } from '../read-input.ts';
import type { Terminal } from '../terminal.ts';
import { replaceFile, writeNew } from '../write-file.ts';
import type { Imported } from './imported.ts';

/** The options of every import. */
export const importOptions = {
  out: { value: 'FILE', says: 'the configuration to write (default: stdout)' },
  force: { says: 'overwrite the file' },
} as const satisfies Options;

interface Import {
  readonly file: string;
  readonly read: (text: string, file: string) => Imported;
  readonly out: string | undefined;
  readonly force: boolean;
}

/** Reads a file, writes the configuration, and reports what to set and what was left out. @throws Fault, Faults */
export async function runImport({ file, read, out, force }: Import, terminal: Terminal): Promise<Result> {
  if (force && out === undefined) fail('usage', { option: '--force', what: 'it needs --out FILE' });
  const imported = read((await readInput(file)).toString('utf8'), file);
  const { importedConfig, importReport } = await import('./format-import.ts');
  const config = importedConfig(imported, file);
  if (out !== undefined) await (force ? replaceFile(out, Buffer.from(config)) : writeNew(out, config));
  const report = importReport(imported);
  if (report !== '') terminal.say(report);
  const ids = imported.upstreams.map(({ id }) => id);
  const { variables, notes } = imported;
  return {
    json: { ...(out === undefined ? { config } : { out }), upstreams: ids, variables, notes },
    text: out === undefined ? config.trimEnd() : `out: ${out}\nupstreams: ${ids.join(', ')}`,
  };
}
