import { ClientRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, it } from 'vitest';
import { callMethods, listChanges, listMethods, methodNamed, methods } from './methods.ts';

it('[HOOK-92] names every request that a client may send', () => {
  const known = ClientRequestSchema.options.map(({ shape }) => shape.method.value);
  expect(known.length).toBeGreaterThan(10);
  expect(Object.keys(methods).toSorted()).toEqual(known.toSorted());
});

it('[HOOK-92] gives each method with a target or a list the hook that sees its result', () => {
  expect([...callMethods, ...listMethods].filter(name => methods[name].after === undefined)).toEqual([]);
  expect(callMethods.filter(name => methods[name].before === undefined)).toEqual([]);
});

it('knows the notifications of all lists', () => {
  expect([...listChanges]).toEqual([
    'notifications/tools/list_changed',
    'notifications/prompts/list_changed',
    'notifications/resources/list_changed',
  ]);
});

it.each(['toString', '__proto__', 'tools', ''])('knows no method %j', name => {
  expect(methodNamed(name)).toBeUndefined();
});
