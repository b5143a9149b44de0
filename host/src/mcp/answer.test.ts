import { expect, it } from 'vitest';
import { errorAnswer, readAnswer, resultAnswer } from './answer.ts';

const read = (text: string) => readAnswer('raw', JSON.parse(text), text);

it('exchanges the id, and nothing else', () => {
  const answer = read('{"result":{"n":1.0,"big":12345678901234567890},\n"id" : 7,"jsonrpc":"2.0","x":[]}');
  expect(answer.text('theirs')).toBe(
    '{"result":{"n":1.0,"big":12345678901234567890}, "id" : "theirs","jsonrpc":"2.0","x":[]}',
  );
  expect(answer.text(8)).toContain('"id" : 8');
});

it.each([
  { what: 'twice', text: '{"jsonrpc":"2.0","id":3,"result":{"echo":3},"id":7}' },
  { what: 'twice, once with an escape', text: '{"jsonrpc":"2.0","\\u0069d":3,"result":{"echo":3},"id":7}' },
])('writes the answer again when it has an id $what', ({ text }) => {
  const { result } = JSON.parse(text);
  expect(JSON.parse(read(text).text(1))).toEqual({ jsonrpc: '2.0', id: 1, result });
});

it.each([
  { what: 'a result that is a list', text: '{"id":7,"result":[]}' },
  { what: 'neither result nor error', text: '{"id":7}' },
  { what: 'an error that is a string', text: '{"id":7,"error":"no"}' },
  { what: 'an error without code', text: '{"id":7,"error":{"message":"no"}}' },
])('refuses $what', ({ text }) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: 'upstream_garbage' }));
});

it('makes answers of our own', () => {
  expect(JSON.parse(resultAnswer({ a: 1 }).text('x'))).toEqual({ jsonrpc: '2.0', id: 'x', result: { a: 1 } });
  const error = { code: -32601, message: 'no' };
  expect(JSON.parse(errorAnswer(error).text(null))).toEqual({ jsonrpc: '2.0', id: null, error });
});
