import { expect, it } from 'vitest';
import type { JsonObject } from '../../core/json.ts';
import { bindingsSection } from './bindings.ts';

const problemsOf = (policy: JsonObject, binding: JsonObject = { policies: ['guard'] }) =>
  bindingsSection
    .problems?.({
      plugins: [
        { id: 'guard', ...policy },
        { id: 'other', on_error: 'ignore', mode: 'shadow' },
      ],
      upstreams: [{ id: 'up' }],
      bindings: [{ id: 'main', upstreams: ['up'], ...binding }],
    })
    .map(({ path, message }) => [path.join('.'), message]);

it.each<[policy: JsonObject, path: string, says: RegExp]>([
  [{ on_error: 'ignore' }, 'plugins.0.on_error', /denies/],
  [{ on_error: { trap: 'deny', timeout: 'disable' } }, 'plugins.0.on_error', /denies/],
  [{ mode: 'shadow' }, 'plugins.0.mode', /permissive/],
  [{ mode: 'disabled' }, 'plugins.0.mode', /enforce/],
  [{ conditions: [{ tools: ['x'] }] }, 'plugins.0.conditions', /every request/],
])('[CFG-96] a policy cannot have %j', (policy, path, says) => {
  expect(problemsOf(policy)).toEqual([[path, expect.stringMatching(says)]]);
});

it.each<[JsonObject]>([
  [{}],
  [{ on_error: 'deny', mode: 'enforce', conditions: [] }],
  [{ on_error: { trap: 'deny' } }],
  [{ mode: 'permissive' }],
])('[CFG-96] a policy can have %j', policy => {
  expect(problemsOf(policy)).toEqual([]);
});

it('[CFG-96] unknown and duplicate policies are refused', () => {
  expect(problemsOf({}, { policies: ['guard', 'gaurd', 'guard'] })).toEqual([
    ['bindings.0.policies.2', expect.stringMatching(/duplicate/)],
    ['bindings.0.policies.1', 'unknown plugin: gaurd'],
  ]);
});
