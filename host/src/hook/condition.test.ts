import { expect, it } from 'vitest';
import type { Condition } from '../contract/hook-policy.ts';
import { compileConditions, type HookSubject } from './condition.ts';
import { contentTypesOf } from './content-types.ts';

const call: HookSubject = { method: 'tools/call', upstream: 'mail', target: 'send' };
const matches = (conditions: readonly Condition[], about: Partial<HookSubject> = {}, binding = 'main') => {
  const compiled = compileConditions(conditions, binding);
  return typeof compiled === 'function' ? compiled({ ...call, ...about }) : (compiled ?? 'always');
};

it.each<{ what: string; conditions: readonly Condition[]; about?: Partial<HookSubject>; is: boolean | string }>([
  { what: 'no entry', conditions: [], is: 'always' },
  { what: 'an entry without fields', conditions: [{ tools: ['x'] }, {}], is: 'always' },
  { what: 'a field without values', conditions: [{ tools: [] }], is: 'always' },
  { what: 'a binding that is this one', conditions: [{ bindings: ['other', 'ma*'] }], is: 'always' },
  { what: 'another binding', conditions: [{ bindings: ['other'] }], is: 'never' },
  { what: 'another binding, or the tool', conditions: [{ bindings: ['other'] }, { tools: ['send'] }], is: true },
  { what: 'the tool', conditions: [{ tools: ['read', 'send'] }], is: true },
  { what: 'another tool', conditions: [{ tools: ['read'] }], is: false },
  { what: 'the tool as clients of several upstreams name it', conditions: [{ tools: ['mail__s*'] }], is: true },
  { what: 'the tool of another upstream', conditions: [{ tools: ['files__*'] }], is: false },
  { what: 'the tool and the upstream', conditions: [{ tools: ['send'], upstreams: ['mail'] }], is: true },
  { what: 'the tool and another upstream', conditions: [{ tools: ['send'], upstreams: ['files'] }], is: false },
  { what: 'another tool, or the upstream', conditions: [{ tools: ['read'] }, { upstreams: ['m*'] }], is: true },
  { what: 'a tenant, of an anonymous caller', conditions: [{ tenants: ['*'] }], is: false },
  { what: 'the tenant', conditions: [{ tenants: ['acme'] }], about: { tenant: 'acme' }, is: true },
  { what: 'a user, of an anonymous caller', conditions: [{ users: ['*'] }], is: false },
  { what: 'another user', conditions: [{ users: ['ada'] }], about: { subject: 'bob' }, is: false },
  {
    what: 'a tool, at a prompt',
    conditions: [{ tools: ['read'] }],
    about: { method: 'prompts/get', target: 'greet' },
    is: true,
  },
  {
    what: 'another prompt',
    conditions: [{ prompts: ['other'] }],
    about: { method: 'prompts/get', target: 'greet' },
    is: false,
  },
  {
    what: 'a resource by its URI',
    conditions: [{ resources: ['file:///home/*'] }],
    about: { method: 'resources/read', target: 'file:///home/a.txt' },
    is: true,
  },
  {
    what: 'another URI',
    conditions: [{ resources: ['file:///home/*'] }],
    about: { method: 'resources/read', target: 'file:///etc/passwd' },
    is: false,
  },
  {
    what: 'a tool, at a list',
    conditions: [{ tools: ['x'] }],
    about: { method: 'tools/list', target: undefined },
    is: true,
  },
  { what: 'a media type, without content', conditions: [{ content_types: ['image/*'] }], is: true },
  {
    what: 'the media type',
    conditions: [{ content_types: ['image/*'] }],
    about: { contentTypes: () => ['text/plain', 'image/PNG'] },
    is: true,
  },
  {
    what: 'another media type',
    conditions: [{ content_types: ['image/*'] }],
    about: { contentTypes: () => ['text/plain'] },
    is: false,
  },
])('[HOOK-94] a plugin with a condition on $what', ({ conditions, about, is }) => {
  expect(matches(conditions, about)).toBe(is);
});

it.each([
  { stated: 'Image/PNG', type: 'image/png' },
  { stated: 'IMAGE/*', type: 'image/png' },
  { stated: 'image/png; q=1', type: 'image/png' },
  { stated: 'text/plain', type: 'Text/Plain; charset=UTF-8' },
  { stated: 'text/plain', type: 'text/plain;charset=utf-8' },
])('[HOOK-107] a condition on $stated matches the media type $type', ({ stated, type }) => {
  expect(matches([{ content_types: [stated] }], { contentTypes: () => [type] })).toBe(true);
});

it('[HOOK-94] media types are those of tool results, prompts and resources', () => {
  const image = { type: 'image', mimeType: 'image/png', data: '' };
  const embedded = { type: 'resource', resource: { uri: 'a:b', mimeType: 'text/csv', text: '' } };
  expect(contentTypesOf({ content: [{ type: 'text', text: 'hi' }, image, embedded], structuredContent: {} })).toEqual([
    'text/plain',
    'image/png',
    'text/csv',
    'application/json',
  ]);
  expect(contentTypesOf({ messages: [{ role: 'user', content: image }, 'odd'] })).toEqual(['image/png']);
  expect(
    contentTypesOf({
      contents: [
        { uri: 'a:b', blob: '' },
        { uri: 'a:c', text: '' },
      ],
    }),
  ).toEqual(['application/octet-stream', 'text/plain']);
  expect(contentTypesOf({ content: 'odd' })).toEqual([]);
});
