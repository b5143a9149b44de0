import { fail } from '../core/fault.ts';
import { fileProblem } from '../core/file-problem.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { isNotFound } from '../core/system-error.ts';
import { followLines } from '../ledger/follow-lines.ts';
import { readLines } from '../ledger/read-lines.ts';
import { readSigningKey } from '../ledger/signing-key.ts';
import type { Verification } from '../ledger/verification.ts';
import { type VerifyOptions, verifyLedger } from '../ledger/verify-ledger.ts';
import { readConfig } from './read-config.ts';

export type { Verification } from '../ledger/verification.ts';

/** Which lines are read. Of each member that is set, a line must have the value. */
export interface AuditFilter {
  readonly event?: string | undefined;
  readonly plugin?: string | undefined;
  readonly subject?: string | undefined;
  readonly tenant?: string | undefined;
  readonly request?: string | undefined;
  /** Dates, as in `2026-11-30` or `2026-11-30T12:00:00Z`. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Runs `sallyport audit verify`. @throws Fault `usage` if a file cannot be read */
export const verifyAudit = (files: readonly string[], options: VerifyOptions): Promise<Verification> =>
  readable(files, () => verifyLedger(files, options));

/** Runs `sallyport audit key`: returns the public key whose signatures the audit log has. @throws Fault `audit_unusable` */
export async function auditKey({ config: path }: { readonly config: string }) {
  const { audit } = await readConfig(path);
  const file = audit.key_file;
  try {
    const { keyId, publicKey } = readSigningKey(file);
    return { file, key: keyId, public_key: publicKey };
  } catch (error) {
    const hint = 'the gateway creates it with its first start that writes an audit log or receipts';
    const about = { key_file: file, reason: fileProblem(error), ...(isNotFound(error) && { hint }) };
    return fail('audit_unusable', about, error);
  }
}

/**
 * Runs `sallyport audit show`: calls back with each line, and its members, that fits the filter.
 * @param follow continues with what is appended to the last file, until the signal aborts
 * @throws Fault `usage`
 */
export async function readAudit(
  files: readonly string[],
  filter: AuditFilter,
  show: (line: string, members: JsonObject) => void,
  follow?: AbortSignal,
): Promise<void> {
  const [since, until] = [timeOf('since', filter.since), timeOf('until', filter.until)];
  await readable(files, async () => {
    for await (const bytes of linesIn(files, follow)) {
      const members = objectIn(bytes);
      if (members === undefined || !fits(members, filter)) continue;
      const time = typeof members.time === 'string' ? Date.parse(members.time) : Number.NaN;
      if ((since === undefined || time >= since) && (until === undefined || time < until)) {
        show(bytes.toString(), members);
      }
    }
  });
}

async function* linesIn(files: readonly string[], follow: AbortSignal | undefined): AsyncGenerator<Buffer> {
  for (const [index, file] of files.entries()) {
    if (follow !== undefined && index === files.length - 1) yield* followLines(file, { signal: follow });
    else for await (const { bytes } of readLines(file)) yield bytes;
  }
}

function fits(members: JsonObject, filter: AuditFilter): boolean {
  const { event, plugin, subject, tenant, request } = filter;
  if (event !== undefined && members.event !== event) return false;
  if (subject !== undefined && members.subject !== subject) return false;
  if (tenant !== undefined && members.tenant !== tenant) return false;
  if (request !== undefined && members.request !== request) return false;
  return plugin === undefined || members.plugin === plugin || pluginsOf(members).includes(plugin);
}

/** Returns the plugins that changed a call or decided about it. */
function pluginsOf({ details }: JsonObject): readonly unknown[] {
  const { plugins = [], policies = [] } = isJsonObject(details) ? details : {};
  return [plugins, policies].flat().map(each => (isJsonObject(each) ? each.plugin : undefined));
}

function objectIn(bytes: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function timeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  const hint = `--${option} takes a date in UTC such as 2026-11-30, or a time such as 2026-11-30T12:00:00Z`;
  return Number.isNaN(time) ? fail('usage', { [option]: text, hint }) : time;
}

async function readable<T>(files: readonly string[], read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const file = 'path' in error ? String(error.path) : files.join(', ');
    return fail(
      'usage',
      { file, what: `cannot be read: ${fileProblem(error)}`, hint: 'name files that can be read' },
      error,
    );
  }
}
