import { expect, it } from 'vitest';
import { federationHooks } from '../../../../host/src/contract/hook-name.ts';
import { jsGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { parseCases } from './case-file.ts';
import { testPlugin } from './test-plugin.ts';

/** Refuses some, and removes what is named `secret`. */
const script = `
const refusal = { code: 'NO', reason: 'No.', description: '' };
const refuseIf = found => (found ? { tag: 'block', val: refusal } : { tag: 'proceed' });
export const lifecycle = { configure() {} };
export const federationCheck = {
  preRegister: (context, { command }) => refuseIf(command === 'sh'),
  postRegister(context, { server, tools }) {
    if (tools === 0) throw new Error(server.id + ' has no tools');
  },
  preSync: (context, { kind, reason, entries }) => refuseIf(kind === 'prompts' && reason === 'changed' && entries === 3),
  postSync: (context, { tag, val }) => ({ tag: 'modified', val: { tag, val: val.filter(each => each.name !== 'secret') } }),
};`;

const blocked = { outcome: 'block', violation: { code: 'NO' } };
const tool = (name: string) => ({ name, inputSchema: { type: 'object' } });

it('[AUT-171] cases call the hooks of a federation plugin', async () => {
  const cases = [
    { hook: 'server_pre_register', expect: { outcome: 'proceed' } },
    { hook: 'server_pre_register', request: { transport: 'stdio', command: 'sh' }, expect: blocked },
    { hook: 'server_post_register', request: { server: { id: 'files' }, tools: 2 }, expect: { outcome: 'proceed' } },
    {
      hook: 'server_post_register',
      request: { server: { id: 'files' }, tools: 0 },
      expect: { outcome: 'failed', cause: 'trap' },
    },
    { hook: 'federation_pre_sync', expect: { outcome: 'proceed' } },
    { hook: 'federation_pre_sync', request: { kind: 'prompts', reason: 'changed', entries: 3 }, expect: blocked },
    {
      hook: 'federation_post_sync',
      request: { tag: 'tools', val: [tool('read'), tool('secret')] },
      expect: { outcome: 'modified', value: { tag: 'tools', val: [tool('read')] } },
    },
    {
      hook: 'federation_post_sync',
      request: { tag: 'resource-templates', val: [{ uri: 'file:///{path}', name: 'files' }] },
      expect: { outcome: 'proceed' },
    },
  ];
  const bytes = await jsGuest(guestDescriptor('guard', { kind: 'federation', hooks: [...federationHooks] }), script);
  const parsed = parseCases(JSON.stringify({ cases: cases.map(each => ({ name: 'n', ...each })) }), 'cases/x.json');
  const { signal } = new AbortController();
  const { results, text } = await testPlugin(bytes, { reference: 'test', cases: parsed, signal });
  expect(results.map(({ differences }) => differences.map(({ path }) => path))).toEqual([
    ...[[], [], [], [], [], [], []],
    ['outcome'],
  ]);
  expect(text).toContain(
    'hooks: server_pre_register 2, server_post_register 2, federation_pre_sync 2, federation_post_sync 2',
  );
});

it.each([
  [{ hook: 'server_pre_register', request: { url: 'http://localhost' } }, /url/],
  [{ hook: 'server_post_register', request: { tools: -1 } }, /tools/],
  [{ hook: 'federation_pre_sync', request: { reason: 'bored' } }, /reason/],
  [{ hook: 'federation_post_sync' }, /tag/],
  [{ hook: 'federation_post_sync', response: { tag: 'tools', val: [] } }, /takes a request/],
])('[AUT-171] refuses the case %j', (step, says) => {
  const text = JSON.stringify({ cases: [{ name: 'n', ...step, expect: { outcome: 'proceed' } }] });
  expect(() => parseCases(text, 'cases/x.json')).toThrow(says);
});
