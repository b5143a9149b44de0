import type { ReloadAnswer } from '@sallyport/host/admin';
import { fail, fileProblem, type JsonObject, readRegularFile } from '@sallyport/host/core';
import type { Arguments, Options, Result, Surroundings } from '../command.ts';
import type { AdminRequest } from './admin-client.ts';
import { changeText, dryRunOption, dryRunQuery } from './change.ts';
import { adminOptions, openAdminClient } from './open-admin-client.ts';

/** What can be registered, and the list that it is in. */
const lists = { upstream: 'upstreams', binding: 'bindings' } as const;

export const kindArgument = {
  KIND: { says: 'upstream or binding', choices: Object.keys(lists) },
} as const satisfies Arguments;

export const entryArguments = {
  ...kindArgument,
  FILE: { says: 'one entry as in sallyport.yaml, in YAML or JSON; - for stdin' },
} as const satisfies Arguments;

export const registrationOptions = {
  ...adminOptions,
  ...dryRunOption,
} as const satisfies Options;

export const versionOption = {
  'if-match': { value: 'ETAG', says: 'change only this version, as an earlier answer named it' },
} as const satisfies Options;

type Given = Parameters<typeof openAdminClient>[0] & {
  readonly 'dry-run': boolean;
  readonly 'if-match'?: string | undefined;
};

/** Returns the list of a kind. */
export const listOf = (kind: string): string => lists[kind as keyof typeof lists];

/** Reads the entry in a file. @throws Fault `usage`; Faults of `config_invalid` */
export async function readEntryIn(file: string, { terminal }: Pick<Surroundings, 'terminal'>): Promise<JsonObject> {
  const { readEntry } = await import('@sallyport/host/config');
  if (file === '-') return readEntry(await terminal.read(), 'stdin');
  const bytes = await readRegularFile(file).catch(error => fail('usage', { file, what: fileProblem(error) }));
  return readEntry(bytes.toString('utf8'), file);
}

/** Sends a change, and describes what it did. */
export async function sendChange(
  { 'dry-run': isDryRun, 'if-match': ifMatch, ...options }: Given,
  request: AdminRequest,
  on: Surroundings,
): Promise<Result> {
  const client = await openAdminClient(options, on);
  const query = dryRunQuery({ 'dry-run': isDryRun });
  const json = await client.call<ReloadAnswer & { readonly etag?: string }>({ ...request, query, ifMatch });
  return { json, text: [changeText(json), ...(json.etag === undefined ? [] : [`etag: ${json.etag}`])].join('\n') };
}
