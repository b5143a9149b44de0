import type { Fault } from '../core/fault.ts';
import type { Patient } from './patient.ts';

/** An error prevents a start or calls, a warning will cause trouble, a note is worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

/** One thing that a check found. Members that it leaves out are those of its check. */
export interface Found {
  readonly severity?: Severity;
  readonly what: string;
  readonly why?: string | undefined;
  /** The setting, as a path in the configuration, or the place in the file. */
  readonly at?: string | undefined;
  readonly fix?: string | undefined;
  /** The fault that was found, by which two checks that find the same one are recognised. */
  readonly fault?: Fault | undefined;
}

/** Looks for one cause of trouble. */
export interface Check {
  readonly id: `DR${number}`;
  readonly severity: Severity;
  /** What it looks at, for the list of checks. */
  readonly about: string;
  /** Why it matters. */
  readonly why: string;
  readonly fix: string;
  /** Whether it asks other programs or machines. Such a check is skipped when the doctor stays offline. */
  readonly isOnline?: true;
  /** Whether it looks at loaded plugins. Such a check is skipped offline if loading asks other machines. */
  readonly loadsPlugins?: true;
  find(patient: Patient): readonly Found[] | Promise<readonly Found[]>;
}
