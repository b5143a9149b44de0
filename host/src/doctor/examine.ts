import type { Config } from '../config/config.ts';
import type { ConfigWarning } from '../config/load-config.ts';
import { type Fault, toFaults } from '../core/fault.ts';
import { loadConfig } from '../host/load-config.ts';
import { startRefused } from './check/start-refused.ts';
import type { Check, Found, Severity } from './check.ts';
import { checks, invalidConfiguration } from './checks.ts';
import { foundOf } from './found-of.ts';
import { type Machine, readMachine } from './machine.ts';
import { Patient } from './patient.ts';

/** What a check found, with why it matters and what to do. */
export interface Finding {
  readonly id: Check['id'];
  readonly severity: Severity;
  readonly what: string;
  readonly at?: string | undefined;
  readonly why: string;
  readonly fix: string;
}

/** The result of all checks. */
export interface Diagnosis {
  readonly findings: readonly Finding[];
  /** The ids of the checks that ran, and of those that did not. */
  readonly checked: readonly string[];
  readonly skipped: readonly string[];
}

export interface ExamineOptions {
  /** Whether to ask no other program and no other machine. */
  readonly isOffline?: boolean;
  readonly signal?: AbortSignal;
  /** This machine unless stated. */
  readonly machine?: Machine;
  /** The milliseconds that each check may take. */
  readonly timeoutMs?: number;
}

const usualTimeoutMs = 20_000;

/** Examines a configuration, its machine and its peers for causes of trouble. Leaves nothing running. */
export async function examine(file: string, options: ExamineOptions = {}): Promise<Diagnosis> {
  const { isOffline = false, machine = readMachine(), timeoutMs = usualTimeoutMs } = options;
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const warnings: ConfigWarning[] = [];
  let config: Config;
  try {
    config = await loadConfig(file, { env: machine.env, warn: warning => void warnings.push(warning) });
  } catch (error) {
    const check = invalidConfiguration;
    const findings = toFaults(error).map(fault => findingOf({ check, found: foundOf(fault) }));
    return { findings, checked: [invalidConfiguration.id], skipped: checks.map(({ id }) => id) };
  }
  const patient = new Patient({ config, file, warnings, machine, isOffline, signal });
  const canLoad = !isOffline || !patient.loadsFromElsewhere;
  const made = checks.filter(each => (!isOffline || !each.isOnline) && (canLoad || !each.loadsPlugins));
  try {
    const found = await Promise.all(made.map(check => observe(check, patient, timeoutMs)));
    options.signal?.throwIfAborted();
    const hide = (finding: Finding): Finding => ({ ...config.mask.value(finding), id: finding.id });
    return {
      findings: withoutRepeats(found.flat()).map(findingOf).map(hide).toSorted(bySeverity),
      checked: [invalidConfiguration.id, ...made.map(({ id }) => id)],
      skipped: checks.filter(check => !made.includes(check)).map(({ id }) => id),
    };
  } finally {
    ending.abort();
  }
}

const order: readonly Severity[] = ['error', 'warning', 'note'];

const bySeverity = (one: Finding, other: Finding) =>
  order.indexOf(one.severity) - order.indexOf(other.severity) || (one.id < other.id ? -1 : Number(one.id > other.id));

/** What a check found, with the check. */
interface Observation {
  readonly check: Omit<Check, 'find'>;
  readonly found: Found;
}

const findingOf = ({ check, found: { severity, what, at, why, fix } }: Observation): Finding => ({
  ...{ id: check.id, severity: severity ?? check.severity, what, at, why: why ?? check.why, fix: fix ?? check.fix },
});

/** Leaves out what a start refuses if the check of that upstream or plugin found it too. */
function withoutRepeats(observations: readonly Observation[]): readonly Observation[] {
  const keyOf = ({ code, details: { plugin, upstream } }: Fault) => JSON.stringify([code, plugin, upstream]);
  const ofOthers = observations.filter(({ check }) => check !== startRefused);
  const known = new Set(ofOthers.flatMap(({ found: { fault } }) => (fault === undefined ? [] : [keyOf(fault)])));
  return observations.filter(
    ({ check, found: { fault } }) => check !== startRefused || fault === undefined || !known.has(keyOf(fault)),
  );
}

const unchecked = {
  why: 'What it looks for may be the case.',
  fix: 'Fix the cause, and run the doctor again.',
};

/** Runs a check. One that fails or takes too long is a finding itself. */
async function observe(check: Check, patient: Patient, timeoutMs: number): Promise<readonly Observation[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>(resolve => {
    timer = setTimeout(resolve, timeoutMs, 'late');
  });
  try {
    const found = await Promise.race([(async () => check.find(patient))(), late]);
    if (found !== 'late') return found.map(each => ({ check, found: each }));
    const what = `The check (${check.about}) gave no result within ${timeoutMs / 1000} s.`;
    return [{ check, found: { severity: 'warning', what, ...unchecked } }];
  } catch (error) {
    const what = `The check (${check.about}) failed: ${error instanceof Error ? error.message : String(error)}`;
    return [{ check, found: { severity: 'warning', what, ...unchecked } }];
  } finally {
    clearTimeout(timer);
  }
}
