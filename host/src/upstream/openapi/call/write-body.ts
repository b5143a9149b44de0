import { randomUUID } from 'node:crypto';
import { isJsonObject, type Json } from '../../../core/json.ts';
import type { Body, Field } from '../operation/operation.ts';
import { InvalidArgument } from './invalid-argument.ts';
import { encoded } from './percent-encode.ts';
import { pairsOf, textOf } from './write-value.ts';

export interface WrittenBody {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** Writes a body in the form of its media type. @throws InvalidArgument */
export function writeBody({ argument, form, contentType, fields }: Body, value: Json): WrittenBody {
  switch (form) {
    case 'json':
      return { contentType, bytes: utf8(JSON.stringify(value)) };
    case 'text':
      return { contentType, bytes: utf8(textOf(value)) };
    case 'binary':
      return { contentType, bytes: fromBase64(argument, value) };
    case 'urlencoded':
      return { contentType, bytes: utf8(formPairs(argument, fields, value).join('&')) };
    case 'multipart':
      return multipart(argument, contentType, fields, value);
  }
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function fromBase64(argument: string, value: Json): Uint8Array {
  if (typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value)) return Buffer.from(value, 'base64');
  throw new InvalidArgument(`${argument} must be base64`);
}

/** Fields in a form without a style of their own: objects as JSON, lists repeated (OpenAPI 3.1.1 § Encoding Object). */
const formStyle = { style: 'form', explode: true, allowReserved: false } as const;

function membersOf(argument: string, value: Json): readonly (readonly [string, Json])[] {
  if (!isJsonObject(value)) throw new InvalidArgument(`${argument} must be an object`);
  return Object.entries(value).filter(
    (member): member is [string, Json] => member[1] !== undefined && member[1] !== null,
  );
}

function formPairs(argument: string, fields: ReadonlyMap<string, Field>, value: Json): readonly string[] {
  return membersOf(argument, value).flatMap(([name, each]) => {
    const style = fields.get(name)?.style;
    if (style !== undefined) return pairsOf(name, each, style, encoded);
    return isJsonObject(each)
      ? [`${encoded(name)}=${encoded(JSON.stringify(each))}`]
      : pairsOf(name, each, formStyle, encoded);
  });
}

/** Writes parts as browsers do (RFC 7578; WHATWG HTML § Multipart form data). */
function multipart(
  argument: string,
  contentType: string,
  fields: ReadonlyMap<string, Field>,
  value: Json,
): WrittenBody {
  const boundary = `sallyport-${randomUUID()}`;
  const chunks: Uint8Array[] = [];
  for (const [name, member] of membersOf(argument, value)) {
    const field = fields.get(name) ?? { isBinary: false };
    for (const each of Array.isArray(member) ? (member as Json[]) : [member]) {
      chunks.push(utf8(partHead(boundary, name, field, each)));
      chunks.push(field.isBinary ? fromBase64(`${argument}.${name}`, each) : utf8(textOf(each)), utf8('\r\n'));
    }
  }
  chunks.push(utf8(`--${boundary}--\r\n`));
  const type = contentType.split(';', 1)[0]?.trim() ?? contentType;
  return { contentType: `${type}; boundary=${boundary}`, bytes: Buffer.concat(chunks) };
}

function partHead(boundary: string, name: string, { contentType, isBinary }: Field, value: Json): string {
  const escaped = name.replace(/["\r\n]/g, character => encodeURIComponent(character));
  const type =
    contentType ?? (isBinary ? 'application/octet-stream' : isJsonObject(value) ? 'application/json' : undefined);
  const file = isBinary ? `; filename="${escaped}"` : '';
  return (
    `--${boundary}\r\nContent-Disposition: form-data; name="${escaped}"${file}\r\n` +
    `${type === undefined ? '' : `Content-Type: ${type.replace(/[\r\n]/g, ' ')}\r\n`}\r\n`
  );
}
