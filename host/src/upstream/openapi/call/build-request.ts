import type { HeaderList } from '../../../core/http-header.ts';
import { isHeaderValue } from '../../../core/http-header.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../core/json.ts';
import type { EgressRequest } from '../../../egress/request.ts';
import { isJsonType } from '../operation/media-type.ts';
import type { Operation, Parameter } from '../operation/operation.ts';
import { InvalidArgument } from './invalid-argument.ts';
import { encoded, encodedButReserved } from './percent-encode.ts';
import { writeBody } from './write-body.ts';
import { pairsOf, pathValue, simpleValue, textOf } from './write-value.ts';

/** What authenticates a request beside its headers. */
export interface SentCredentials {
  readonly headers: HeaderList;
  /** `name=value`, encoded. */
  readonly query: readonly string[];
  readonly cookies: readonly string[];
}

/** Builds the HTTP request of a call. @param base the URL of the server, without a slash at the end @throws InvalidArgument */
export function buildRequest(
  { method, path, parameters, body, output }: Operation,
  values: JsonObject,
  base: string,
  own: SentCredentials,
): EgressRequest {
  const given = parameters.flatMap(parameter => {
    // A parameter may be called `constructor`.
    const value = Object.hasOwn(values, parameter.argument) ? values[parameter.argument] : undefined;
    return value === undefined || value === null ? [] : [{ parameter, value }];
  });
  const inPlace = (place: Parameter['place']) => given.filter(({ parameter }) => parameter.place === place);
  const query = withOwn(
    [...inPlace('query').flatMap(queryPairs), ...inPlace('querystring').flatMap(wholeQuery)],
    own.query,
  );
  const isCookie = ([name]: HeaderList[number]) => name.toLowerCase() === 'cookie';
  const ownCookies = [...own.headers.filter(isCookie).flatMap(([, value]) => value.split(/; */)), ...own.cookies];
  const cookies = withOwn(inPlace('cookie').flatMap(cookiePairs), ownCookies);
  const content = body === undefined ? undefined : values[body.argument];
  const written = body === undefined || content === undefined ? undefined : writeBody(body, content);
  const headers = withoutTwins([
    ['accept', acceptOf(output.accept)],
    ...inPlace('header').map(headerOf),
    ...(cookies.length === 0 ? [] : [['cookie', cookies.join('; ')] as const]),
    ...(written === undefined ? [] : [['content-type', written.contentType] as const]),
    ...own.headers.filter(header => !isCookie(header)),
  ]);
  const search = query.filter(pair => pair !== '').join('&');
  return {
    method,
    url: `${base}${filledPath(path, inPlace('path'))}${search === '' ? '' : `?${search}`}`,
    headers,
    body: written?.bytes,
  };
}

/** Adds what authenticates a request, instead of all that a caller gave under these names. */
function withOwn(given: readonly string[], own: readonly string[]): readonly string[] {
  const names = new Set(own.map(nameOf));
  return [...given.filter(pair => !names.has(nameOf(pair))), ...own];
}

/** Returns the name of `name=value`, which may have been encoded in several ways. */
function nameOf(pair: string): string {
  const [name = ''] = pair.split('=', 1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Keeps the last of several headers of one name: servers differ in which of them they read. */
function withoutTwins(headers: HeaderList): HeaderList {
  const places = new Map(headers.map(([name], place) => [name.toLowerCase(), place]));
  return headers.filter(([name], place) => places.get(name.toLowerCase()) === place);
}

interface Given {
  readonly parameter: Parameter;
  readonly value: Json;
}

/** Returns the media types that an answer may have. Errors have other types, so that any is accepted last. */
const acceptOf = (types: readonly string[]): string =>
  types.length === 0 ? 'application/json, */*;q=0.5' : `${types.slice(0, 10).join(', ')}, */*;q=0.1`;

/** Fills the path in. A value that would lead to another path is refused, also where a proxy decodes it. */
function filledPath(path: string, given: readonly Given[]): string {
  const values = new Map(given.map(each => [each.parameter.name, each] as const));
  const literal = (text: string) =>
    encodeURI(text.toWellFormed())
      .replace(/[?#]/g, encodeURIComponent)
      .replace(/%25([0-9a-f]{2})/gi, '%$1');
  const filled = path
    .split(/(\{[^{}]*\})/)
    .map(part => {
      if (!part.startsWith('{')) return literal(part);
      const each = values.get(part.slice(1, -1));
      if (each === undefined) throw new InvalidArgument(`${part.slice(1, -1)} is missing`);
      const { parameter, value } = each;
      const text =
        parameter.contentType === undefined
          ? pathValue(parameter.name, value, parameter.style, encoded)
          : encoded(contentOf(parameter.contentType, value));
      if (text === '') throw new InvalidArgument(`${parameter.argument} is empty`);
      return text;
    })
    .join('');
  if (leadsElsewhere(filled)) {
    throw new InvalidArgument('the path would have a segment . or .., which leads to another path');
  }
  return filled;
}

/** Whether a server or a proxy could take a segment of the path for `.` or `..`, also if it decodes the path first. */
function leadsElsewhere(path: string): boolean {
  let decoded = path;
  for (let round = 0; round < 5; round += 1) {
    if (decoded.split(/[/\\]/).some(segment => /^\.{1,2}(;.*)?$/s.test(segment))) return true;
    // Byte by byte, because a server may decode what is not UTF-8.
    decoded = decoded.replace(/%[0-9a-f]{2}/gi, code => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
  }
  return false;
}

function queryPairs({ parameter, value }: Given): readonly string[] {
  const { name, style, contentType } = parameter;
  if (contentType !== undefined) return [`${encoded(name)}=${encoded(contentOf(contentType, value))}`];
  return pairsOf(name, value, style, style.allowReserved ? encodedButReserved : encoded);
}

/** Writes the parameter that is the whole query. */
function wholeQuery({ parameter: { contentType = '' }, value }: Given): readonly string[] {
  if (!/urlencoded/i.test(contentType) || !isJsonObject(value)) return [encoded(contentOf(contentType, value))];
  const style = { style: 'form', explode: true, allowReserved: false } as const;
  return Object.entries(value).flatMap(([name, each]) =>
    each === undefined || each === null ? [] : pairsOf(name, each, style, encoded),
  );
}

function cookiePairs({ parameter, value }: Given): readonly string[] {
  const { name, style, contentType } = parameter;
  if (contentType !== undefined) return [`${encoded(name)}=${encoded(contentOf(contentType, value))}`];
  return pairsOf(name, value, style, encoded);
}

function headerOf({ parameter, value }: Given): readonly [string, string] {
  const { name, argument, style, contentType } = parameter;
  const text =
    contentType === undefined ? simpleValue(value, style.explode, each => each) : contentOf(contentType, value);
  if (!isHeaderValue(text)) throw new InvalidArgument(`${argument} has characters that a header cannot have`);
  return [name, text];
}

/** Writes a value in a media type: JSON, or as it is. */
const contentOf = (contentType: string, value: Json): string =>
  isJsonType(contentType) ? JSON.stringify(value) : textOf(value);
