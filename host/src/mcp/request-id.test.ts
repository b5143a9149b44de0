import { expect, it } from 'vitest';
import { createRequestIds, idAtEdge, ownId } from './request-id.ts';

it('numbers the requests of each connection from 1', () => {
  const [one, other] = [createRequestIds(), createRequestIds()];
  expect([one(), one(), other(), one()]).toEqual([1, 2, 1, 3]);
});

it.each([
  { sent: 7, own: 7 },
  { sent: '7', own: 7 },
  { sent: '007', own: 7 },
  { sent: '1'.repeat(16), own: undefined },
  { sent: 'seven', own: undefined },
  { sent: '-7', own: undefined },
  { sent: '', own: undefined },
  { sent: null, own: undefined },
  { sent: undefined, own: undefined },
  { sent: { id: 7 }, own: undefined },
])('takes the id $sent of an upstream for $own', ({ sent, own }) => {
  expect(ownId(sent)).toBe(own);
});

it.each([
  { what: 'first', head: '{"id":7,"result":{', tail: '}}', id: 7 },
  { what: 'after the version', head: ' { "jsonrpc" : "2.0" , "id" : "7" , "resu', tail: '}}', id: 7 },
  { what: 'last', head: '{"result":{', tail: '},"id":7}', id: 7 },
  { what: 'before the version at the end', head: '{"result":{', tail: '},"id":"7","jsonrpc":"2.0"}\n', id: 7 },
  { what: 'in the middle', head: '{"result":{"id":1}', tail: ',"id":7,"more":1}', id: undefined },
  { what: 'within the result', head: '{"result":{"id":7', tail: '}}', id: undefined },
])('finds the id of a long answer that stands $what', ({ head, tail, id }) => {
  expect(idAtEdge(head, tail)).toBe(id);
});
