import { type HeaderList, isHeader, isHeaderName } from '../../../core/http-header.ts';
import { isForbiddenHeader } from '../../../egress/forbidden-headers.ts';
import { DeclaredError } from '../../lane/lane-side.ts';

const invalid = () => new DeclaredError({ tag: 'invalid-syntax' });
const text = (value: Uint8Array) => Buffer.from(value).toString('latin1');
/** Values are bytes, and a header's are those of latin1. (RFC 9110 § 5.5) */
const bytes = (value: string) => new Uint8Array(Buffer.from(value, 'latin1'));

/** Headers. Those of a request that was sent, and of a response, cannot be changed. (wasi:http/types, `fields`) */
export class Fields {
  /** Called for a header that a guest may not set. */
  static readonly forbidden: (name: string) => void = () => {};
  /** Called for an invalid header. */
  static readonly malformed: (name: string) => void = () => {};
  #entries: (readonly [string, string])[] = [];
  #fixed = false;

  static fromList(entries: readonly (readonly [string, Uint8Array])[]): Fields {
    const fields = new this();
    for (const [name, value] of entries) fields.append(name, value);
    return fields;
  }

  static of(list: HeaderList): Fields {
    const fields = new this();
    fields.#entries = [...list];
    fields.#fixed = true;
    return fields;
  }

  /** As the egress engine takes them; no change any more. */
  fix(): [string, string][] {
    this.#fixed = true;
    return this.#entries.map(([name, value]) => [name, value]);
  }

  get(name: string): Uint8Array[] {
    return this.#named(name).map(([, value]) => bytes(value));
  }

  has(name: string): boolean {
    return this.#named(name).length > 0;
  }

  set(name: string, values: readonly Uint8Array[]): void {
    this.delete(name);
    for (const value of values) this.append(name, value);
  }

  delete(name: string): void {
    if (this.#fixed) throw new DeclaredError({ tag: 'immutable' });
    if (!isHeaderName(name)) throw invalid();
    const gone = this.#named(name);
    this.#entries = this.#entries.filter(entry => !gone.includes(entry));
  }

  append(name: string, value: Uint8Array): void {
    if (this.#fixed) throw new DeclaredError({ tag: 'immutable' });
    const written = text(value);
    if (!isHeader([name, written])) {
      (this.constructor as typeof Fields).malformed(name);
      throw invalid();
    }
    // Runtimes write it without being asked. The host counts for itself.
    if (name.toLowerCase() === 'content-length') return;
    if (isForbiddenHeader(name)) {
      (this.constructor as typeof Fields).forbidden(name);
      throw new DeclaredError({ tag: 'forbidden' });
    }
    this.#entries.push([name, written]);
  }

  entries(): [string, Uint8Array][] {
    return this.#entries.map(([name, value]) => [name, bytes(value)]);
  }

  clone(): Fields {
    const fields = new (this.constructor as typeof Fields)();
    fields.#entries = [...this.#entries];
    return fields;
  }

  #named(name: string) {
    return this.#entries.filter(([other]) => other.toLowerCase() === name.toLowerCase());
  }
}
