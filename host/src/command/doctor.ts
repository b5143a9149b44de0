import type { Diagnosis, Finding } from '../doctor/examine.ts';
import type { DoctorCommand } from './command.ts';

/** What `sallyport doctor` prints, and its exit code. */
export interface DoctorReport {
  readonly json: object;
  readonly text: string;
  /** 3 if something is an error, as for a configuration that is refused. */
  readonly exit: 0 | 3;
}

/** Runs `sallyport doctor`: reports what will cause trouble, and how to fix it. `signal` aborts it. */
export async function doctor({ config, offline }: DoctorCommand, signal?: AbortSignal): Promise<DoctorReport> {
  const { examine } = await import('../doctor/examine.ts');
  const diagnosis = await examine(config, { isOffline: offline, ...(signal && { signal }) });
  const isHealthy = diagnosis.findings.every(({ severity }) => severity !== 'error');
  return {
    json: { ok: isHealthy, config, ...diagnosis },
    text: textOf(config, diagnosis),
    exit: isHealthy ? 0 : 3,
  };
}

function textOf(config: string, { findings, checked, skipped }: Diagnosis): string {
  const left = skipped.length === 0 ? '' : `, ${skipped.length} skipped`;
  const made = `${counted(checked.length, 'check')} ran${left}`;
  const counts = (['error', 'warning', 'note'] as const)
    .map(severity => ({ severity, count: findings.filter(each => each.severity === severity).length }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => counted(count, severity));
  const end = `${config}: ${counts.length === 0 ? 'no problem found' : counts.join(', ')}; ${made}`;
  return [...findings.map(findingText), end].join('\n\n');
}

const counted = (count: number, name: string) => `${count} ${name}${count === 1 ? '' : 's'}`;

/** Formats a finding: what and where, why it matters, and what to do. */
const findingText = ({ severity, id, at, what, why, fix }: Finding): string =>
  [
    `${severity} ${id}${at === undefined ? '' : ` ${at}`}: ${indented(what)}`,
    `    ${indented(why)}`,
    `  → ${indented(fix)}`,
  ].join('\n');

/** Indents all lines but the first, so that no text of a server begins a line and passes for ours. */
const indented = (text: string): string => text.replaceAll('\n', '\n    ');
