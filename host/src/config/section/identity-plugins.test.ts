import { expect, it } from 'vitest';
import type { JsonObject } from '../../core/json.ts';
import { identitySection } from './identity.ts';

const problemsOf = (identity: JsonObject, settings: JsonObject = {}) =>
  identitySection
    .problems?.({ listen: '127.0.0.1:1', plugins: [{ id: 'sessions', ...settings }], identity })
    .map(({ path, message }) => [path.join('.'), message]);

const scheme = (plugin: JsonObject): JsonObject => ({
  schemes: [{ id: 'legacy', plugin: { id: 'sessions', ...plugin } }],
});

it.each<[settings: JsonObject, path: string, says: RegExp]>([
  [{ on_error: 'ignore' }, 'plugins.0.on_error', /denies/],
  [{ mode: 'permissive' }, 'plugins.0.mode', /enforce/],
  [{ mode: 'disabled' }, 'plugins.0.mode', /enforce/],
  [{ conditions: [{ tools: ['x'] }] }, 'plugins.0.conditions', /every request/],
])('[CFG-110] a plugin that authenticates callers cannot have %j', (settings, path, says) => {
  expect(problemsOf(scheme({}), settings)).toEqual([[path, expect.stringMatching(says)]]);
  const checks = { ...scheme({ id: 'sessions' }), schemes: [], checks: [{ plugin: 'sessions' }] };
  expect(problemsOf(checks, settings)).toEqual([[path, expect.stringMatching(says)]]);
});

it('[CFG-110] unknown plugins are refused, and plugins that are checked twice', () => {
  const checks = [{ plugin: 'sessions' }, { plugin: 'sesions' }, { plugin: 'sessions' }];
  expect(problemsOf({ ...scheme({ id: 'session' }), checks })).toEqual([
    ['identity.schemes.0.plugin.id', 'unknown plugin: session'],
    ['identity.checks.1.plugin', 'unknown plugin: sesions'],
    ['identity.checks.2', 'duplicate plugin: sessions'],
  ]);
});

it('[CFG-110] a header has no authentication scheme but `authorization`, and belongs to one scheme', () => {
  expect(problemsOf(scheme({ header: 'x-session', authorization: 'Bearer' }))).toEqual([
    ['identity.schemes.0.plugin.authorization', 'the header x-session has no authentication scheme'],
  ]);
  const proxy = { id: 'ingress', proxy: { from: ['10.0.0.0/8'], headers: { subject: 'X-User' } } };
  const schemes = [{ id: 'legacy', plugin: { id: 'sessions', header: 'x-user' } }, proxy];
  expect(problemsOf({ schemes })).toEqual([
    ['identity.schemes.0.plugin.header', 'the header x-user belongs to a proxy already'],
  ]);
});

it('[CFG-110] the settings of a plugin have defaults that allow it nothing', () => {
  const identity = identitySection.shape.identity.parse(scheme({ header: 'X-Session' }));
  expect(identity).toMatchObject({
    checks: [],
    schemes: [
      {
        plugin: {
          ...{ header: 'x-session', cache_seconds: 60, subjects: 'prefixed', tenants: [], scopes: [], claims: [] },
        },
      },
    ],
  });
});
