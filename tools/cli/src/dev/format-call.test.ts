import { expect, it } from 'vitest';
import { formatCall } from './format-call.ts';
import type { SeenCall } from './watch-plugin.ts';

const seen: SeenCall = {
  ...{ request: 'r', hook: 'tool_post_invoke', name: 'echo', outcome: 'proceed', ms: 1.23 },
  ...{ went_in: { tag: 'text', val: 'a' }, differences: [], log: [] },
};

it.each<{ what: string; more: Partial<SeenCall>; says: string[] }>([
  {
    what: 'a change',
    more: { outcome: 'modified', differences: [{ path: 'val', before: 'a', after: 'b' }] },
    says: ['  val', '    before "a"', '    after  "b"'],
  },
  { what: 'a block', more: { outcome: 'block', came_out: { code: 'NO' } }, says: ['  out  {"code":"NO"}'] },
  {
    what: 'a failure',
    more: { outcome: 'failed', cause: 'trap', message: 'one\ntwo' },
    says: ['  trap: one', '         two'],
  },
  { what: 'the log', more: { log: [{ level: 'info', message: 'seen' }] }, says: ['  log  info seen'] },
])('[AUT-31] tells $what', ({ more, says }) => {
  const [first, second, ...rest] = formatCall({ ...seen, ...more }).split('\n');
  expect(first).toBe(`tool_post_invoke echo: ${more.outcome ?? 'proceed'}, 1.2 ms`);
  expect(second).toBe('  in   {"tag":"text","val":"a"}');
  expect(rest).toEqual(says);
});

it('[CLI-20] tells it without control characters', () => {
  const evil = '\u001b]0;pwned\u0007\u202e\u009b2J';
  const call = {
    ...seen,
    name: evil,
    went_in: evil,
    message: evil,
    cause: 'trap',
    log: [{ level: 'info', message: evil }],
  };
  expect(formatCall(call).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});
