import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../core/json.ts';
import { readJson } from '../../../core/json-reader.ts';
import { noCredentials } from '../credentials.ts';
import { OpenapiDocument } from '../document/openapi-document.ts';
import { readOperations } from '../operation/read-operations.ts';
import { buildRequest } from './build-request.ts';

const base = 'https://api.example.com/v1';

function requestOf(path: string, operation: JsonObject, values: JsonObject, method = 'post', own = noCredentials) {
  const document = new OpenapiDocument(`${base}/openapi.json`);
  const responses = { 200: { description: 'ok', content: { 'application/json': {} } } };
  document.add(document.url, {
    openapi: '3.1.0',
    info: {},
    paths: { [path]: { [method]: { responses, ...operation } } },
  });
  const settings = { upstream: 'up', include: [], exclude: [], names: new Map(), longestName: 64 };
  const [read] = readOperations(document, settings);
  expect(read?.problems).toEqual([]);
  if (read === undefined) throw new Error('no operation');
  const request = buildRequest(read.operation, values, base, own);
  return {
    ...request,
    url: request.url.slice(base.length),
    text: request.body && Buffer.from(request.body).toString(),
  };
}

const values = { primitive: 'blue', list: ['blue', 'black', 'brown'], object: { R: 100, G: 200, B: 150 } };

/** Sends one parameter x. */
function sent(place: string, value: Json, more: JsonObject = {}) {
  const parameters = [{ name: 'color', in: place, required: place === 'path', schema: {}, ...more }];
  const { url, headers } = requestOf(place === 'path' ? '/p/{color}' : '/p', { parameters }, { color: value });
  return place === 'header' || place === 'cookie'
    ? headers.find(([name]) => name === (place === 'cookie' ? 'cookie' : 'color'))?.[1]
    : url.replace('/p', '');
}

// The table of OpenAPI 3.1.1 § Style Examples.
describe('a parameter', () => {
  it.each([
    ['path', 'matrix', false, '/;color=blue', '/;color=blue,black,brown', '/;color=R,100,G,200,B,150'],
    ['path', 'matrix', true, '/;color=blue', '/;color=blue;color=black;color=brown', '/;R=100;G=200;B=150'],
    ['path', 'label', false, '/.blue', '/.blue,black,brown', '/.R,100,G,200,B,150'],
    ['path', 'label', true, '/.blue', '/.blue.black.brown', '/.R=100.G=200.B=150'],
    ['path', 'simple', false, '/blue', '/blue,black,brown', '/R,100,G,200,B,150'],
    ['path', 'simple', true, '/blue', '/blue,black,brown', '/R=100,G=200,B=150'],
    ['query', 'form', false, '?color=blue', '?color=blue,black,brown', '?color=R,100,G,200,B,150'],
    ['query', 'form', true, '?color=blue', '?color=blue&color=black&color=brown', '?R=100&G=200&B=150'],
    [
      'query',
      'spaceDelimited',
      false,
      '?color=blue',
      '?color=blue%20black%20brown',
      '?color=R%20100%20G%20200%20B%20150',
    ],
    [
      'query',
      'pipeDelimited',
      false,
      '?color=blue',
      '?color=blue%7Cblack%7Cbrown',
      '?color=R%7C100%7CG%7C200%7CB%7C150',
    ],
    [
      'query',
      'deepObject',
      true,
      '?color=blue',
      '?color%5B%5D=blue&color%5B%5D=black&color%5B%5D=brown',
      '?color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150',
    ],
    ['header', 'simple', false, 'blue', 'blue,black,brown', 'R,100,G,200,B,150'],
    ['header', 'simple', true, 'blue', 'blue,black,brown', 'R=100,G=200,B=150'],
    ['cookie', 'form', false, 'color=blue', 'color=blue,black,brown', 'color=R,100,G,200,B,150'],
    ['cookie', 'form', true, 'color=blue', 'color=blue; color=black; color=brown', 'R=100; G=200; B=150'],
  ] as const)(
    '[OAS-12] in %s is written in the style %s, explode %s',
    (place, style, explode, primitive, list, object) => {
      expect(sent(place, values.primitive, { style, explode })).toBe(primitive);
      expect(sent(place, values.list, { style, explode })).toBe(list);
      expect(sent(place, values.object, { style, explode })).toBe(object);
    },
  );

  it.each([
    { place: 'path', value: 'a/b c?d#e%f', is: '/a%2Fb%20c%3Fd%23e%25f' },
    { place: 'path', value: "it's (ö)*!", is: '/it%27s%20%28%C3%B6%29%2A%21' },
    { place: 'path', value: '~user-1_2.txt', is: '/~user-1_2.txt' },
    { place: 'query', value: 'a&b=c d+e/ö', is: '?color=a%26b%3Dc%20d%2Be%2F%C3%B6' },
    { place: 'query', value: 'a&b=c/d:e?f', more: { allowReserved: true }, is: '?color=a%26b=c/d:e?f' },
    { place: 'query', value: true, is: '?color=true' },
    { place: 'query', value: 0, is: '?color=0' },
    { place: 'query', value: '', is: '?color=' },
    { place: 'query', value: null, is: '' },
    { place: 'query', value: [], more: { explode: false }, is: '?color=' },
    {
      place: 'query',
      value: { a: { b: [1, { c: 2 }] } },
      more: { style: 'deepObject' },
      is: '?color%5Ba%5D%5Bb%5D%5B%5D=1&color%5Ba%5D%5Bb%5D%5B%5D%5Bc%5D=2',
    },
    {
      place: 'query',
      value: { a: 'x y' },
      more: { schema: undefined, content: { 'application/json': {} } },
      is: '?color=%7B%22a%22%3A%22x%20y%22%7D',
    },
    {
      place: 'header',
      value: { a: 1 },
      more: { schema: undefined, content: { 'application/json': {} } },
      is: '{"a":1}',
    },
    { place: 'cookie', value: 'a; b=c', is: 'color=a%3B%20b%3Dc' },
  ])('[OAS-12] in $place with the value $value is encoded', ({ place, value, more, is }) => {
    const { schema: _, ...rest } = (more ?? {}) as JsonObject;
    expect(sent(place, value as Json, rest)).toBe(is);
  });

  it('[OAS-12] is sent also where the path has half a character', () => {
    expect(requestOf('/a\ud800', {}, {}).url).toBe('/a%EF%BF%BD');
  });

  it('[OAS-12] keeps every digit of a number', () => {
    expect(sent('query', readJson('725653563933458432'))).toBe('?color=725653563933458432');
  });

  it.each([
    { value: '..', what: '..' },
    { value: '.', what: '.' },
    { value: '../admin', what: 'a way up' },
    { value: 'a/../../admin', what: 'a way up further on' },
    { value: '..\\admin', what: 'a way up with a backslash' },
    { value: '%2e%2e', what: 'an encoded way up' },
    { value: '..%2fadmin', what: 'a half encoded way up' },
    { value: '%252e%252e%252fadmin', what: 'a way up that is encoded twice' },
    { value: '..;x=1/admin', what: 'a way up with a parameter' },
    { value: '', what: 'nothing' },
  ])('[OAS-13] of the path that is $what is refused', ({ value }) => {
    expect(() => sent('path', value)).toThrow(/leads to another path|is empty/);
  });

  it('[OAS-13] of the path that makes a way up together with another is refused', () => {
    const parameters = ['a', 'b'].map(name => ({ name, in: 'path', required: true, schema: {} }));
    expect(() => requestOf('/p/{a}{b}', { parameters }, { a: '.', b: '.' })).toThrow(/leads to another path/);
    expect(requestOf('/p/{a}{b}', { parameters }, { a: 'x', b: '.y' }).url).toBe('/p/x.y');
  });

  it('[OAS-13] of a header cannot begin another header', () => {
    expect(() => sent('header', 'a\r\nX-Admin: 1')).toThrow(/characters that a header cannot have/);
  });

  it('[OAS-12] that is the whole query is written in its media type', () => {
    const parameters = (type: string) => [{ name: 'q', in: 'querystring', content: { [type]: {} } }];
    const form = 'application/x-www-form-urlencoded';
    expect(requestOf('/p', { parameters: parameters(form) }, { q: { a: 'x y', b: [1, 2] } }).url).toBe(
      '/p?a=x%20y&b=1&b=2',
    );
    expect(requestOf('/p', { parameters: parameters('application/json') }, { q: { a: 1 } }).url).toBe(
      '/p?%7B%22a%22%3A1%7D',
    );
  });

  it.each(['Authorization', 'accept', 'Content-Type', 'Host', 'X-Forwarded-For', 'content-length'])(
    '[OAS-13] for the header %s is not offered',
    name => {
      const parameters = [{ name, in: 'header', required: true, schema: {} }];
      const { headers } = requestOf('/p', { parameters }, { [name]: 'x' });
      expect(headers.map(([each]) => each)).toEqual(['accept']);
    },
  );
});

describe('a body', () => {
  const body = (type: string, media: JsonObject = {}) => ({
    requestBody: { content: { [type]: { schema: {}, ...media } } },
  });

  it.each([
    { type: 'application/json', value: { a: [1, null], b: 'ö' }, text: '{"a":[1,null],"b":"ö"}' },
    { type: 'application/merge-patch+json', value: null, text: 'null' },
    { type: 'text/plain', value: 'hello', text: 'hello' },
    { type: 'application/xml', value: '<a/>', text: '<a/>' },
    { type: 'application/octet-stream', value: 'AAEC/w==', text: Buffer.from([0, 1, 2, 255]).toString() },
    {
      type: 'application/x-www-form-urlencoded',
      value: { a: 'x y', b: ['1', '2'], c: { d: 1 }, e: null },
      text: 'a=x%20y&b=1&b=2&c=%7B%22d%22%3A1%7D',
    },
  ])('[OAS-14] of $type is written', ({ type, value, text }) => {
    const { headers, text: written } = requestOf('/p', body(type), { body: value as Json });
    expect(written).toBe(text);
    expect(headers).toContainEqual(['content-type', type]);
  });

  it('[OAS-14] of a form has the styles of its encoding', () => {
    const media = {
      encoding: { card: { style: 'deepObject', explode: true }, tags: { style: 'form', explode: false } },
    };
    const schema = { type: 'object', properties: { card: { type: 'object' }, tags: { type: 'array' } } };
    const operation = body('application/x-www-form-urlencoded', { ...media, schema });
    const value = { card: { number: '4242', address: { city: 'X' } }, tags: ['a', 'b'] };
    expect(requestOf('/p', operation, { body: value }).text).toBe(
      'card%5Bnumber%5D=4242&card%5Baddress%5D%5Bcity%5D=X&tags=a,b',
    );
  });

  it('[OAS-14] of parts has files, texts and JSON', () => {
    const schema = {
      type: 'object',
      properties: {
        file: { type: 'string', format: 'binary' },
        'na"me': { type: 'string' },
        meta: { type: 'object' },
        tags: { type: 'array', items: { type: 'string' } },
      },
    };
    const operation = body('multipart/form-data', {
      schema,
      encoding: { file: { contentType: 'image/png, image/jpeg' } },
    });
    const { headers, text } = requestOf('/p', operation, {
      body: { file: 'aGk=', 'na"me': 'x', meta: { a: 1 }, tags: ['a', 'b'] },
    });
    const boundary = /boundary=(.*)$/.exec(headers.find(([name]) => name === 'content-type')?.[1] ?? '')?.[1];
    expect(text?.split(`--${boundary}`).map(part => part.trim())).toEqual([
      '',
      'Content-Disposition: form-data; name="file"; filename="file"\r\nContent-Type: image/png\r\n\r\nhi',
      'Content-Disposition: form-data; name="na%22me"\r\n\r\nx',
      'Content-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n{"a":1}',
      'Content-Disposition: form-data; name="tags"\r\n\r\na',
      'Content-Disposition: form-data; name="tags"\r\n\r\nb',
      '--',
    ]);
  });

  it.each([
    { offered: ['text/plain', 'application/json'], used: 'application/json' },
    { offered: ['application/octet-stream', 'multipart/form-data'], used: /^multipart\/form-data; boundary=/ },
    { offered: ['application/x-www-form-urlencoded', 'text/csv'], used: 'application/x-www-form-urlencoded' },
    { offered: ['image/*'], used: 'application/octet-stream' },
  ])('[OAS-14] that may have the types $offered has $used', ({ offered, used }) => {
    const content = Object.fromEntries(offered.map(type => [type, { schema: {} }]));
    const value = used === 'application/json' ? 1 : used === 'application/octet-stream' ? 'AA==' : {};
    const { headers } = requestOf('/p', { requestBody: { content } }, { body: value });
    expect(headers.find(([name]) => name === 'content-type')?.[1]).toEqual(expect.stringMatching(used));
  });

  it('[OAS-14] that is not base64 is refused', () => {
    expect(() => requestOf('/p', body('image/png'), { body: 'not base64!' })).toThrow('body must be base64');
  });
});

describe('an argument [OAS-13]', () => {
  it.each(['constructor', '__proto__', 'toString'])('called %s is sent exactly if it is given', name => {
    const parameters = [{ name, in: 'query', schema: {} }];
    expect(requestOf('/p', { parameters }, {}).url).toBe('/p');
    expect(requestOf('/p', { parameters }, JSON.parse(`{"${name}":"x"}`)).url).toBe(`/p?${name}=x`);
    const inPath = [{ name, in: 'path', required: true, schema: {} }];
    expect(() => requestOf(`/p/{${name}}`, { parameters: inPath }, {})).toThrow(/is missing/);
  });

  it('that leads to another path is found also where its bytes are no text', () => {
    const parameters = [{ name: 'a', in: 'path', required: true, schema: {} }];
    expect(() => requestOf('/p/{a}', { parameters }, { a: '%2e%2e%2fother%ff' })).toThrow(/leads to another path/);
  });

  it('takes the place of no credential and of no header of the operator', () => {
    const parameters = [
      { name: 'api[key]', in: 'query', schema: {}, allowReserved: true },
      { name: 'other', in: 'query', schema: {} },
      { name: 'X-Role', in: 'header', schema: {} },
      { name: 'session', in: 'cookie', schema: {} },
      { name: 'more', in: 'cookie', explode: true, schema: {} },
      { name: 'Cookie', in: 'header', schema: {} },
    ];
    const given = {
      'api[key]': 'mine',
      other: { 'api[key]': 'mine', page: 1 },
      'X-Role': 'admin',
      session: 'mine',
      more: { session: 'mine', theme: 'dark' },
      Cookie: 'session=mine',
    };
    const own = {
      headers: [['x-role', 'reader'] as const, ['cookie', 'fixed=1'] as const],
      query: ['api%5Bkey%5D=secret'],
      cookies: ['session=secret'],
    };
    const { url, headers } = requestOf('/p', { parameters }, given, 'get', own);
    expect(url).toBe('/p?page=1&api%5Bkey%5D=secret');
    expect(headers.filter(([name]) => /role|cookie/i.test(name))).toEqual([
      ['cookie', 'theme=dark; fixed=1; session=secret'],
      ['x-role', 'reader'],
    ]);
  });
});
