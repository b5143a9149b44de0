import { cut } from '../../../core/cut.ts';
import type { PluginLimits } from '../../limits.ts';

/** Limits how many lines, and how much text, a plugin may log in one hook call. */
export class LogLimit {
  readonly #limits: Pick<PluginLimits, 'logLines' | 'logBytes'>;
  #lines = 0;
  #characters = 0;
  /** The number of lines that were dropped. */
  dropped = 0;

  constructor(limits: Pick<PluginLimits, 'logLines' | 'logBytes'>) {
    this.#limits = limits;
  }

  /** Returns the message, cut to what may still be logged; undefined if that is nothing, and the line is dropped. */
  take(message: string): string | undefined {
    const room = this.#limits.logBytes - this.#characters;
    if (this.#lines >= this.#limits.logLines || room <= 0) {
      this.dropped += 1;
      return undefined;
    }
    this.#lines += 1;
    this.#characters += message.length;
    return cut(message, room);
  }

  /** Describes the limit. */
  toString(): string {
    return `${this.#limits.logLines} lines or ${this.#limits.logBytes} bytes`;
  }
}
