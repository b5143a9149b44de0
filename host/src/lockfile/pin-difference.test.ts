import { expect, it } from 'vitest';
import { digestOf } from '../core/digest.ts';
import type { Pin } from './lockfile.ts';
import { differences } from './pin-difference.ts';

const digest = (text: string) => digestOf(Buffer.from(text));
const pin: Pin = {
  reference: 'ghcr.io/acme/p:1',
  digest: digest('a'),
  signer: { by: 'trust', key_id: 'k1' },
  version: '1.0.0',
  hooks: ['tool_pre_invoke'],
  imports: ['sallyport:plugin/types@0.1.0'],
  required_capabilities: [],
  optional_capabilities: [],
  granted: { outbound_http: { allow: ['https://a.example'], max_body_bytes: 10 } },
};

it.each<{ what: string; change: Partial<Pin>; line: string; more: boolean }>([
  {
    what: 'other bytes',
    change: { digest: digest('b') },
    line: `digest: ${digest('a')} → ${digest('b')}`,
    more: false,
  },
  { what: 'a version', change: { version: '1.1.0' }, line: 'version: 1.0.0 → 1.1.0', more: false },
  { what: 'a sequence', change: { sequence: 2 }, line: 'sequence: none → 2', more: false },
  {
    what: 'another signer',
    change: { signer: { by: 'trust', key_id: 'k2' } },
    line: 'signer: trust k1 → trust k2',
    more: true,
  },
  {
    what: 'the same key from another place',
    change: { signer: { by: 'source', key_id: 'k1' } },
    line: 'signer: trust k1 → source k1',
    more: false,
  },
  {
    what: 'one more hook',
    change: { hooks: ['tool_pre_invoke', 'tool_post_invoke'] },
    line: 'hooks: + tool_post_invoke',
    more: true,
  },
  { what: 'one hook less', change: { hooks: [] }, line: 'hooks: - tool_pre_invoke', more: false },
  { what: 'images', change: { payload: ['blob'] }, line: 'payload: + blob', more: true },
  {
    what: 'one more import',
    change: { imports: [...pin.imports, 'wasi:random/random@0.2.3'] },
    line: 'imports: + wasi:random/random@0.2.3',
    more: true,
  },
  { what: 'a wish', change: { optional_capabilities: ['clock'] }, line: 'optional_capabilities: + clock', more: true },
  {
    what: 'a grant',
    change: { granted: { ...pin.granted, clock: { resolution_ms: 1 } } },
    line: 'grants: + clock: {"resolution_ms":1}',
    more: true,
  },
  { what: 'a grant less', change: { granted: {} }, line: 'grants: - outbound_http', more: false },
  {
    what: 'one more allowed host',
    change: { granted: { outbound_http: { allow: ['https://a.example', 'https://b.example'], max_body_bytes: 10 } } },
    line: 'grants.outbound_http.allow: + https://b.example',
    more: true,
  },
  {
    what: 'another number in a grant, which only the operator can judge',
    change: { granted: { outbound_http: { allow: ['https://a.example'], max_body_bytes: 9 } } },
    line: 'grants.outbound_http.max_body_bytes: 10 → 9',
    more: true,
  },
  {
    what: 'text that could steer a terminal',
    change: { version: '1.0.0\u001b[2J' },
    line: 'version: 1.0.0 → "1.0.0\\u001b[2J"',
    more: false,
  },
])('[RUN-41] tells $what, and whether it asks for more', ({ change, line, more }) => {
  expect(differences(pin, { ...pin, ...change })).toEqual([{ line, more }]);
});

it('[RUN-41] finds no difference in the order of a list', () => {
  const hooks: Pin['hooks'] = ['tool_post_invoke', 'tool_pre_invoke'];
  expect(differences({ ...pin, hooks }, { ...pin, hooks: [...hooks].reverse() })).toEqual([]);
});
