import type { Log } from './log.ts';

const shortest = 4;
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/**
 * Hides secret values that were handed out, wherever text is about to be seen by others. It is for accidents: whoever
 * has a value on purpose can write it in a way that nothing recognises. Values shorter than four characters are not
 * looked for: they would be found everywhere.
 */
export class SecretMask {
  /** What stands in place of a value. */
  static readonly stars = '***';
  readonly #known = new Set<string>();
  #pattern: RegExp | undefined;

  /** Takes a value, with the forms in which it is commonly written: base64, percent-encoded, within JSON. */
  learn(value: string): void {
    if (value.length < shortest || this.#known.has(value)) return;
    const base64 = Buffer.from(value).toString('base64').replace(/=+$/, '');
    const forms = [
      value,
      base64,
      base64.replaceAll('+', '-').replaceAll('/', '_'),
      encodeURIComponent(value.toWellFormed()),
    ];
    for (const form of [...forms, JSON.stringify(value).slice(1, -1)]) this.#known.add(form);
    // The longer first: one value may be the beginning of another.
    const all = [...this.#known]
      .sort((one, other) => other.length - one.length)
      .map(form => form.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    this.#pattern = new RegExp(all.join('|'), 'g');
  }

  text(text: string): string {
    return this.#pattern === undefined ? text : text.replace(this.#pattern, SecretMask.stars);
  }

  /** The same value, with every string in it masked, keys included. It itself when nothing is to be hidden. */
  value<T>(value: T): T {
    return this.#pattern === undefined ? value : (this.#masked(value) as T);
  }

  /** A log that masks what is written. */
  log(log: Log): Log {
    const masked = log.child({});
    for (const level of levels) {
      const write = log[level].bind(log) as (...line: unknown[]) => void;
      masked[level] = (...line: unknown[]) => write(...line.map(each => this.value(each)));
    }
    return masked;
  }

  #masked(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map(each => this.#masked(each));
    if (value instanceof Error) {
      return { type: value.name, message: this.text(value.message), stack: this.text(value.stack ?? '') };
    }
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [this.text(key), this.#masked(each)]));
  }
}
