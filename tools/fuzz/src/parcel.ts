/**
 * An input of several parts as one file that can be read: JSON, with a character for each byte.
 * What is no such file has no parts, and each of them is then empty.
 */
export type Parcel = Readonly<Record<string, string>>;

export const pack = (parcel: Parcel): Uint8Array => Buffer.from(`${JSON.stringify(parcel, null, 1)}\n`);

export function unpack(input: Uint8Array): Parcel {
  const value: unknown = JSON.parse(Buffer.from(input).toString());
  if (typeof value !== 'object' || value === null) throw new Error('no parcel');
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, String(part)]));
}

/** Bytes as text, a character for each. */
export const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
export const toBytes = (text = ''): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
