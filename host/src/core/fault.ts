import { codes, type FaultCode } from './codes/index.ts';
import { fileProblem } from './file-problem.ts';
import { isSystemError, remedyFor } from './system-error.ts';

/** The details of a fault. `hint` says what to do about this occurrence; the other members name what it is about. */
export interface FaultDetails {
  readonly hint?: string;
  readonly plugin?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly path?: string;
  readonly reference?: string;
  /** Differences, printed line by line below the message. */
  readonly differences?: readonly string[];
  readonly [name: string]: unknown;
}

/** An error with a stable code from the table in codes/. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly details: FaultDetails;

  constructor(code: FaultCode, details: FaultDetails = {}, cause?: unknown) {
    super(describe(code, details), cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }

  /** The exit code of the process if the start fails with this fault. */
  get exit(): number {
    return codes[this.code].exit ?? 1;
  }

  /** What to do next: the hint of this occurrence, or the general advice of the code. */
  get hint(): string {
    return this.details.hint ?? codes[this.code].todo;
  }

  /** Returns the fault with more details, which override existing ones: used on the way out to name plugin and file. */
  with(more: FaultDetails): Fault {
    return new Fault(this.code, { ...this.details, ...more }, this.cause);
  }
}

/** Several faults found in one run, so that a reader can fix them all at once. */
export class Faults extends Error {
  override readonly name = 'Faults';
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map(fault => fault.message).join('\n'));
    this.faults = faults;
  }

  get exit(): number {
    return this.faults[0]?.exit ?? 1;
  }
}

/** Throws a Fault. @throws Fault `code` */
export function fail(code: FaultCode, details?: FaultDetails, cause?: unknown): never {
  throw new Fault(code, details, cause);
}

/** Converts any thrown value to a list of faults: Faults are spread, anything else goes through `toFault`. */
export const toFaults = (thrown: unknown): readonly Fault[] =>
  thrown instanceof Faults ? thrown.faults : [toFault(thrown)];

/** Converts any thrown value to a fault: refusals of the operating system become `system_refused`, bugs `internal`. */
export function toFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  const remedy = remedyFor(thrown);
  if (isSystemError(thrown) && remedy !== undefined) {
    const { path, syscall } = thrown;
    const about = { ...(path === undefined ? {} : { file: path }), what: `${syscall}: ${fileProblem(thrown)}` };
    return new Fault('system_refused', { ...about, hint: remedy }, thrown);
  }
  return new Fault('internal', { hint: thrown instanceof Error ? thrown.message : String(thrown) }, thrown);
}

function describe(code: FaultCode, details: FaultDetails): string {
  const { hint: _hint, differences: _lines, file, line, column, ...rest } = details;
  const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}:${column ?? 1}`}: `;
  const setting = settingOf(code, rest);
  const about = Object.entries(setting?.others ?? rest).map(([name, value]) => `${name}: ${shorten(value)}`);
  const says = setting?.says ?? codes[code].says;
  return `${place}${code}: ${says}${about.length === 0 ? '' : ` (${about.join(', ')})`}`;
}

/** Returns what is wrong with which setting, which says more than that the configuration is invalid. */
function settingOf(code: FaultCode, { path, message, ...others }: FaultDetails) {
  if (code !== 'config_invalid' || typeof message !== 'string') return undefined;
  return { says: `${path === undefined || path === '' ? '' : `${path}: `}${shorten(message)}`, others };
}

function shorten(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 300 ? `${text.slice(0, 297)}...` : text;
}
