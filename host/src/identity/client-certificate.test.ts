import { expect, it } from 'vitest';
import { alternativeNames } from './client-certificate.ts';

const cases = [
  { text: 'DNS:a.example, URI:spiffe://a/b, email:a@b.example', uri: ['spiffe://a/b'] },
  { text: 'URI:a, URI:b', uri: ['a', 'b'] },
  { text: 'DNS:a.example', uri: [] },
  // A name that contains what separates names is one name.
  { text: 'URI:"a, URI:b"', uri: ['a, URI:b'] },
  { text: String.raw`DNS:"x\", URI:b", URI:c`, uri: ['c'] },
  { text: undefined, uri: [] },
];
it.each(cases)('reads the alternative names $text [GW-122]', ({ text, uri }) => {
  expect(alternativeNames({ subjectAltName: text }, 'uri')).toEqual(uri);
});
