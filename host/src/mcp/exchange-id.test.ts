import { expect, it } from 'vitest';
import { cpuMs } from '../../../test/fixtures/cpu-ms.ts';
import { exchangeId } from './exchange-id.ts';

it.each([
  { what: 'first', text: '{"id":7,"result":{}}', to: '{"id":"x","result":{}}' },
  { what: 'last', text: '{"jsonrpc":"2.0","result":{},"id":7}', to: '{"jsonrpc":"2.0","result":{},"id":"x"}' },
  {
    what: 'behind the version',
    text: '{"jsonrpc":"2.0","id":71,"result":{}}',
    to: '{"jsonrpc":"2.0","id":"x","result":{}}',
  },
  { what: 'that is all there is', text: '{"id":7}', to: '{"id":"x"}' },
  { what: 'with an exponent', text: '{"id":7e1,"result":{}}', to: '{"id":"x","result":{}}' },
  {
    what: 'behind what looks like the first member',
    text: '{"a":"b","c":"{","id":7}',
    to: '{"a":"b","c":"{","id":"x"}',
  },
  {
    what: 'last, behind a string with its name',
    text: '{"a":",\\"id\\":1}","id":7}',
    to: '{"a":",\\"id\\":1}","id":"x"}',
  },
  { what: 'beside other escapes', text: '{"id":7,"a":"\\u00e9"}', to: '{"id":"x","a":"\\u00e9"}' },
  { what: 'between spaces', text: ' { "result" : {} , "id" : 7 } ', to: ' { "result" : {} , "id" : "x" } ' },
  { what: 'that is a string', text: '{"result":{},"id":"7"}', to: '{"result":{},"id":"x"}' },
  { what: 'written as a decimal', text: '{"id":7.0,"result":{}}', to: '{"id":"x","result":{}}' },
  {
    what: 'with an escape in its name',
    text: '{"\\u0069\\u0064":7,"result":{}}',
    to: '{"\\u0069\\u0064":"x","result":{}}',
  },
  { what: 'on a line of its own', text: '{\r\n"id":7,\n"result":{}}', to: '{ "id":"x", "result":{}}' },
  {
    what: 'among others that lie deeper',
    text: '{"result":{"id":1,"a":[{"id":2}],"s":"\\",\\"id\\":3"},"id":7,"x":["id",{"id":4}],"y":"id"}',
    to: '{"result":{"id":1,"a":[{"id":2}],"s":"\\",\\"id\\":3"},"id":"x","x":["id",{"id":4}],"y":"id"}',
  },
  {
    what: 'behind strings that end in backslashes',
    text: '{"a":"\\\\","b\\\\":"\\\\\\"","id":7}',
    to: '{"a":"\\\\","b\\\\":"\\\\\\"","id":"x"}',
  },
])('exchanges an id $what [UP-16]', ({ text, to }) => {
  JSON.parse(text);
  expect(exchangeId(text, '"x"')).toBe(to);
});

it.each([
  { what: 'one only that lies deeper, at the end', text: '{"result":{"a":1,"id":7}}' },
  { what: 'one only that lies deeper, first', text: '{"a":{"id":7}}' },
  { what: 'a value that looks like one', text: '{"a":"id","b":["id"]}' },
  { what: 'two, the first with an escape', text: '{"\\u0069d":7,"result":{},"id":7}' },
  { what: 'none', text: '{"result":{"id":7},"Id":1}' },
  { what: 'two', text: '{"id":7,"result":{},"id":7}' },
  { what: 'two, one with an escape', text: '{"id":7,"result":{},"i\\u0064":7}' },
  { what: 'one that is an object', text: '{"id":{"id":7},"result":{}}' },
])('leaves a message alone that has $what', ({ text }) => {
  expect(exchangeId(text, '"x"')).toBeUndefined();
});

it('takes time in proportion to the length', () => {
  const ms = (length: number) => {
    const text = `{"result":{"a":"${'\\\\'.repeat(length)}","b":[${'{},'.repeat(length)}0]},"id":7}`;
    expect(exchangeId(text, '1')).toMatch(/"id":1\}$/);
    return cpuMs(() => exchangeId(text, '1'));
  };
  // In proportion it takes ten times as long, and with the square of the length a hundred times.
  expect(ms(1_000_000)).toBeLessThan(20 + 40 * ms(100_000));
});
