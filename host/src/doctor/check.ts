import type { Patient } from './patient.ts';

/** An error prevents a start or calls, a warning will hurt, a note is worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

/** One thing that a check found. What it leaves out is that of its check. */
export interface Found {
  readonly severity?: Severity;
  readonly what: string;
  /** The setting, as a path in the configuration, or the place in the file. */
  readonly at?: string | undefined;
  readonly fix?: string | undefined;
}

/** Looks for one thing that will hurt. */
export interface Check {
  readonly id: `DR${number}`;
  readonly severity: Severity;
  /** What it looks at, for the list of checks. */
  readonly about: string;
  /** Why what it finds will hurt. */
  readonly why: string;
  readonly fix: string;
  /** Whether it asks other programs or machines. Such a check is skipped when the doctor stays offline. */
  readonly isOnline?: true;
  /** Whether it looks at loaded plugins. Such a check is skipped offline if loading asks other machines. */
  readonly loadsPlugins?: true;
  find(patient: Patient): readonly Found[] | Promise<readonly Found[]>;
}
