import { describe, expect, it } from 'vitest';
import { KeptNumber } from '../core/json-number.ts';
import { idOf, keyOf, type MessageId, parseBody, toMessage } from './message.ts';

const read = (text: string) => toMessage(parseBody(text));
const refusal = (text: string) => {
  const body = parseBody(text);
  return { id: idOf(body), read: () => toMessage(body) };
};

describe('ids', () => {
  it.each([
    ...['7', '-7', '0', '1764460000000000', '9007199254740991', '9007199254740993', '12345678901234567890'],
    ...['-9223372036854775808', '1.0', '"7"', '""', '"a\\u0000"', '123456789012345678901234567890123456789'],
  ])('[GW-63] %s is an id, and is written again as it was', id => {
    const message = read(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`);
    expect(message).toMatchObject({ kind: 'request', method: 'ping', params: {} });
    if (message.kind === 'request') expect(JSON.stringify(message.id)).toBe(id);
  });

  it.each([
    { id: '1.5', echoed: 1.5 },
    { id: '1.50', echoed: new KeptNumber('1.50') },
    { id: '1e400', echoed: new KeptNumber('1e400') },
    { id: 'null', echoed: null },
    { id: '{}', echoed: null },
    { id: 'true', echoed: null },
    { id: '1'.repeat(1_001), echoed: new KeptNumber('1'.repeat(1_001)) },
  ])('[GW-63] $id is no id, and is echoed when it is a number', ({ id, echoed }) => {
    const refused = refusal(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`);
    expect(refused.id).toEqual(echoed);
    expect(refused.read).toThrow(expect.objectContaining({ code: 'message_invalid' }));
  });

  it.each<{ one: MessageId; other: MessageId; same: boolean }>([
    { one: 7, other: new KeptNumber('7.0'), same: true },
    { one: 7, other: '7', same: false },
    { one: new KeptNumber('9007199254740993'), other: new KeptNumber('9007199254740992'), same: false },
    { one: new KeptNumber('12345678901234567890'), other: new KeptNumber('12345678901234567890'), same: true },
    { one: new KeptNumber('12345678901234567890'), other: '12345678901234567890', same: false },
  ])('[GW-63] $one and $other are the same id: $same', ({ one, other, same }) => {
    const map = new Map([[keyOf(one), true]]);
    expect(map.has(keyOf(other))).toBe(same);
  });
});

describe('names that some servers read as one', () => {
  it.each([
    { params: '{"name":"a","Name":"b"}', hint: '`Name` is not a parameter; write `name`.' },
    { params: '{"name":"a","Arguments":{}}', hint: '`Arguments` is not a parameter; write `arguments`.' },
    { params: '{"URI":"file:///etc/shadow"}', hint: '`URI` is not a parameter; write `uri`.' },
    { params: '{"_Meta":{}}', hint: '`_Meta` is not a parameter; write `_meta`.' },
    { params: '{"taſk":{}}', hint: '`taſk` is not a parameter; write `task`.' },
    {
      params: '{"name":"q","arguments":{"query":"SELECT 1","Query":"DROP TABLE users"}}',
      hint: '`query` and `Query` differ only in case, and many servers read them as one name; send one of them.',
    },
    {
      params: '{"name":"q","arguments":{"rows":[{"a":{"k":1,"\\u212a":2}}]}}',
      hint: '`k` and `\u212a` differ only in case, and many servers read them as one name; send one of them.',
    },
  ])('[GW-64] $params is refused', ({ params, hint }) => {
    const refused = refusal(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":${params}}`);
    expect(refused.id).toBe(7);
    expect(refused.read).toThrow(expect.objectContaining({ code: 'params_invalid', hint }));
    expect(() => read(`{"jsonrpc":"2.0","method":"notifications/x","params":${params}}`)).toThrow(
      expect.objectContaining({ code: 'message_invalid', hint }),
    );
  });

  it('[GW-64] the same name is taken twice where it is said in different objects, or of other data', () => {
    const params = { name: 'q', arguments: { a: { b: 1 }, c: [{ B: 1 }], Name: 1, URI: 'x' }, _meta: { A: 1 } };
    expect(read(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }))).toMatchObject({ params });
  });
});

describe('refusals', () => {
  it.each([
    {
      what: 'null as params',
      text: '{"jsonrpc":"2.0","id":2,"method":"m","params":null}',
      id: 2,
      code: 'params_invalid',
    },
    {
      what: 'a list as params',
      text: '{"jsonrpc":"2.0","id":"a","method":"m","params":[]}',
      id: 'a',
      code: 'params_invalid',
    },
    { what: 'another version', text: '{"jsonrpc":"1.0","id":2,"method":"m"}', id: 2, code: 'message_invalid' },
    { what: 'a method that is a number', text: '{"jsonrpc":"2.0","id":2,"method":7}', id: 2, code: 'message_invalid' },
    { what: 'no method and no id', text: '{"jsonrpc":"2.0"}', id: null, code: 'message_invalid' },
    { what: 'a batch', text: '[{"jsonrpc":"2.0","id":2,"method":"m"}]', id: null, code: 'batch_refused' },
    {
      what: 'a notification with null as params',
      text: '{"jsonrpc":"2.0","method":"notifications/initialized","params":null}',
      id: undefined,
      code: 'message_invalid',
    },
  ])('[GW-63] echo the id of $what', ({ text, id, code }) => {
    const refused = refusal(text);
    expect(refused.id).toBe(id);
    expect(refused.read).toThrow(expect.objectContaining({ code }));
  });
});

it.each([
  { what: 'values', text: `[${'0,'.repeat(100_000)}0]`, why: 'more than 100000 values' },
  { what: 'levels', text: `${'['.repeat(257)}${']'.repeat(257)}`, why: 'nested deeper than 256 levels' },
])('[GW-62] a body with too many $what is refused', ({ text, why }) => {
  expect(() => parseBody(text)).toThrow(
    expect.objectContaining({ code: 'json_excessive', hint: `The body is ${why}.` }),
  );
});
