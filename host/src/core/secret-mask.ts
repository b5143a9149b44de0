import { ellipsis } from './cut.ts';
import { entities, htmlText } from './html-text.ts';
import { KeptNumber } from './json-number.ts';
import { deriveMemberWriter, type Log } from './log.ts';

const shortest = 4;
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/**
 * Returns the forms in which a value is commonly written: plain, escaped for JSON and HTML as common libraries do,
 * percent-encoded, in hexadecimal, and in base64 at any offset. A value shorter than four characters has none, because
 * it would be found everywhere.
 */
export function formsOf(value: string): string[] {
  if (value.length < shortest) return [];
  const bytes = Buffer.from(value);
  const hex = bytes.toString('hex');
  const percent = encodeURIComponent(value.toWellFormed());
  const json = JSON.stringify(value).slice(1, -1);
  const forms = [
    ...[value, json, json.replaceAll('/', '\\/'), json.replace(/[<>&]/g, unicodeEscape)],
    ...[htmlText(value), value.replace(/[&<>"'+]/g, decimalEntity), value.replace(/[&<>"'/]/g, hexEntity)],
    ...[percent, percent.replace(/%../g, code => code.toLowerCase()), percent.replaceAll('%20', '+')],
    ...[0, 1, 2].flatMap(offset => base64Of(bytes, offset)),
    ...(value.length < 2 * shortest ? [] : [hex, hex.toUpperCase()]),
  ];
  return [...new Set(forms)].filter(form => form.length >= shortest);
}

/** Returns the part of the base64 of these bytes after `offset` others that depends only on these bytes. */
function base64Of(bytes: Buffer, offset: number): string[] {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const last = text.slice(Math.ceil((offset * 4) / 3));
  const inner = (offset + bytes.length) % 3 === 0 ? last : last.slice(0, -1);
  return [last, inner].flatMap(each => [each, each.replaceAll('+', '-').replaceAll('/', '_')]);
}

/** Escapes a character as Go does in JSON. */
const unicodeEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
/** Escapes as Go and mustache do in HTML: numeric entities for quotes and plus. */
const decimalEntity = (character: string) =>
  /[&<>]/.test(character) ? (entities[character] ?? '') : `&#${character.charCodeAt(0)};`;
/** Escapes as OWASP recommends for HTML. */
const hexEntity = (character: string) =>
  /[&<>"]/.test(character) ? (entities[character] ?? '') : `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`;

/**
 * Hides known secret values in text that others will see. It protects against accidents only: deliberate code can write
 * a value in a form that is not recognised. Values shorter than four characters are not searched for.
 */
export class SecretMask {
  /** The replacement for a value. */
  static readonly stars = '***';
  readonly #known = new Set<string>();
  #pattern: RegExp | undefined;

  /** Matches any of these texts, longer ones first, because one may be a prefix of another. */
  static pattern(texts: readonly string[]): RegExp {
    const all = texts
      .toSorted((one, other) => other.length - one.length)
      .map(text => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    return all.length === 0 ? /(?!)/g : new RegExp(all.join('|'), 'g');
  }

  /** Adds a value in all forms in which it is commonly written. */
  learn(value: string): void {
    if (this.#known.has(value)) return;
    const forms = formsOf(value);
    if (forms.length === 0) return;
    for (const form of forms) this.#known.add(form);
    this.#pattern = SecretMask.pattern([...this.#known]);
  }

  /** Learns what another mask knows. */
  learnFrom(other: SecretMask): void {
    const forms = other.#known;
    const before = this.#known.size;
    for (const form of forms) this.#known.add(form);
    if (this.#known.size === before) return;
    this.#pattern = SecretMask.pattern([...this.#known]);
  }

  /** Learns these values, and forgets all others. */
  learnOnly(values: readonly string[]): void {
    this.#known.clear();
    this.#pattern = undefined;
    for (const value of values) this.learn(value);
  }

  text(text: string): string {
    if (this.#pattern === undefined) return text;
    const whole = text.endsWith(ellipsis) ? this.#withoutBeginning(text) : text;
    return whole.replace(this.#pattern, SecretMask.stars);
  }

  /** Masks every string in a value, keys included. Returns the value itself if nothing was masked. */
  value<T>(value: T): T {
    return this.#pattern === undefined ? value : (this.#masked(value) as T);
  }

  /** Wraps a log so that it and its children mask what they write. */
  log(log: Log): Log {
    const masked = log.child({});
    for (const level of levels) {
      const write = log[level].bind(log) as (...line: unknown[]) => void;
      masked[level] = (...line: unknown[]) => write(...line.map(each => this.value(each)));
    }
    const child = (bindings: object, options?: object) => this.log(log.child(this.value(bindings), options));
    deriveMemberWriter(log, masked, members => this.#isClean(members));
    return Object.assign(masked, { child });
  }

  /** Returns whether JSON certainly shows no value. In escapes and before a cut, one could be missed. */
  #isClean(json: string): boolean {
    if (this.#pattern === undefined) return true;
    return !json.includes(ellipsis) && !json.includes('\\') && json.search(this.#pattern) === -1;
  }

  /** Masks a cut text, including the beginning of a value at its end. */
  #withoutBeginning(text: string): string {
    const end = text.length - ellipsis.length;
    let from = end;
    for (const form of this.#known) {
      for (let length = Math.min(form.length - 1, end); length >= shortest && end - length < from; length -= 1) {
        if (text.startsWith(form.slice(0, length), end - length)) from = end - length;
      }
    }
    return from === end ? text : `${text.slice(0, from)}${SecretMask.stars}${ellipsis}`;
  }

  #masked(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map(each => this.#masked(each));
    if (value instanceof KeptNumber) {
      const text = this.text(value.text);
      return text === value.text ? value : text;
    }
    if (value instanceof Error) {
      return { type: value.name, message: this.text(value.message), stack: this.text(value.stack ?? '') };
    }
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [this.text(key), this.#masked(each)]));
  }
}
