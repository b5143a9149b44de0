/** Bytes on their way from one realm to the other. A slot is emptied when it is read. */
export class Slots {
  readonly #bytes = new Map<number, Uint8Array>();
  #last = 0;

  /** Copies bytes, which may belong to another realm, and returns their slot. */
  put(bytes: Uint8Array): number {
    const copy = new Uint8Array(lengthOf.call(bytes) as number);
    copyInto.call(copy, bytes);
    return this.keep(copy);
  }

  /** Returns a slot for bytes of this realm, which must not change any more. */
  keep(bytes: Uint8Array): number {
    this.#last += 1;
    this.#bytes.set(this.#last, bytes);
    return this.#last;
  }

  take(slot: number): Uint8Array | undefined {
    const bytes = this.#bytes.get(slot);
    this.#bytes.delete(slot);
    return bytes;
  }

  /** Drops what was not read. */
  clear(): void {
    if (this.#bytes.size > 0) this.#bytes.clear();
  }
}

/** Native functions, which look at nothing of the bytes but their content. */
const copyInto = Uint8Array.prototype.set;
const lengthOf: (this: unknown) => unknown =
  Reflect.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')?.get ?? (() => 0);

/** Copies bytes of this realm into bytes of another. */
export function copyBytes(from: Uint8Array, to: Uint8Array): void {
  copyInto.call(to, from);
}

type Resource = readonly [number: number, id: number];

/**
 * Writes a value as JSON for the other realm. Bytes, big integers and resources become objects with one member.
 * @param keep returns the numbers of a resource, and undefined for any other object
 */
export function writeSpecial(
  value: unknown,
  slots: Slots,
  keep: (value: object) => Resource | undefined = () => undefined,
): { readonly text: string; readonly isSpecial: boolean } {
  let isSpecial = false;
  // The member itself, because `toJSON` of Node's buffers has replaced the value.
  const text = JSON.stringify(value, function (this: Readonly<Record<string, unknown>>, name) {
    const each = this[name];
    if (typeof each === 'bigint') {
      isSpecial = true;
      return { $integer: String(each) };
    }
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each;
    if (each instanceof Uint8Array) {
      isSpecial = true;
      return { $bytes: [slots.keep(each), each.length] };
    }
    if (Object.getPrototypeOf(each) === Object.prototype) return each;
    if (ArrayBuffer.isView(each)) return [...(each as Uint32Array)];
    const resource = keep(each);
    if (resource === undefined) return each;
    isSpecial = true;
    return { $resource: resource };
  });
  return { text: text ?? '', isSpecial };
}

/** Reads JSON of the other realm, with its special values. */
export function readSpecial(
  text: string,
  slots: Slots,
  resourceOf: (id: number) => unknown = () => undefined,
): unknown {
  if (!text.includes('{"$')) return JSON.parse(text);
  return JSON.parse(text, (_name, each: unknown) => {
    if (typeof each !== 'object' || each === null) return each;
    const { $bytes, $integer, $number, $resource } = each as Readonly<Record<string, unknown>>;
    if (typeof $bytes === 'number') return slots.take($bytes) ?? each;
    if (typeof $integer === 'string') return BigInt($integer);
    if (typeof $number === 'string') return Number($number);
    return typeof $resource === 'number' ? resourceOf($resource) : each;
  });
}
