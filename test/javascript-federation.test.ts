import { describe, expect, it } from 'vitest';
import { block, federation, keepEntries, type ServerList } from '../sdk/js/index.ts';

const context = { requestId: 'r', upstream: 'files', deadlineMs: 10 };
const server = { id: 'files', transport: 'http', urls: [], bindings: [], origin: 'file' };
const list: ServerList = {
  tag: 'prompts',
  val: [
    { name: 'a', arguments: [] },
    { name: 'b', arguments: [] },
  ],
};
const refresh = { kind: 'tools', reason: 'changed' } as const;

describe('[AUT-170] a federation plugin in JavaScript', () => {
  const seen: string[] = [];
  const { lifecycle, federationCheck } = federation({
    defaults: { hidden: 'b' },
    preRegister: ({ id }) => (id === 'other' ? block('OTHER', 'Not that one.') : undefined),
    postRegister: ({ name }) => void seen.push(name ?? ''),
    preSync: ({ kind }) => (kind === 'resources' ? block('NO', 'Not those.') : undefined),
    postSync: (received, _context, { hidden }) => keepEntries(received, ({ name }) => name !== hidden),
  });

  it('decides with the configuration of the operator', () => {
    lifecycle.configure('{"hidden":"a"}');
    expect(federationCheck.preRegister(context, server)).toEqual({ tag: 'proceed' });
    expect(federationCheck.preRegister(context, { ...server, id: 'other' })).toMatchObject({ tag: 'block' });
    federationCheck.postRegister(context, { server, capabilities: [], name: 'Files' });
    expect(seen).toEqual(['Files']);
    expect(federationCheck.preSync(context, refresh)).toEqual({ tag: 'proceed' });
    expect(federationCheck.preSync(context, { ...refresh, kind: 'resources' })).toMatchObject({ tag: 'block' });
    expect(federationCheck.postSync(context, list)).toEqual({
      tag: 'modified',
      val: { tag: 'prompts', val: [{ name: 'b', arguments: [] }] },
    });
    expect(keepEntries(list, () => true)).toEqual({ tag: 'proceed' });
  });

  it('does nothing without functions', () => {
    const { federationCheck: empty } = federation({});
    expect(empty.preRegister(context, server)).toEqual({ tag: 'proceed' });
    expect(empty.postRegister(context, { server, capabilities: [] })).toBeUndefined();
    expect(empty.preSync(context, refresh)).toEqual({ tag: 'proceed' });
    expect(empty.postSync(context, list)).toEqual({ tag: 'proceed' });
  });
});
