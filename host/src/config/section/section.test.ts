import { expect, it } from 'vitest';
import type { JsonObject } from '../../core/json.ts';
import { inSections } from '../schema.ts';
import { pluginsChecks } from './plugins.ts';
import { upstreamsSection } from './upstreams.ts';

const plain = (value: object) => value as JsonObject;
const crossCheck = (value: object) => inSections(plain(value), section => section.problems?.(plain(value)));
/** Warnings about tools, beside those about plugins that no binding lists. */
const unreachableTools = (value: object) =>
  pluginsChecks.warnings(plain(value)).filter(({ path }) => path.includes('tools'));
const longPrefixes = (value: object) => upstreamsSection.warnings?.(plain(value));

const granting = (grant: object) => ({
  plugins: [{ id: 'p', grants: { secret_store: grant } }],
  secrets: [{ name: 'token', env: 'TOKEN' }],
});

it.each([
  {
    what: 'a value',
    grant: { names: ['token', 'tokem'] },
    path: ['plugins', 0, 'grants', 'secret_store', 'names', 1],
    hint: 'did you mean token?',
  },
  {
    what: 'a reference',
    grant: { references: [{ name: 'other' }] },
    path: ['plugins', 0, 'grants', 'secret_store', 'references', 0, 'name'],
    hint: 'known secrets: token',
  },
])('[CAP-54] refuses a grant of $what that names no secret', ({ grant, path, hint }) => {
  expect(crossCheck(granting(grant))).toEqual([{ path, message: expect.stringContaining('unknown secret'), hint }]);
});

it('[CAP-54] refuses a secret that is there twice, and takes grants of those that are there', () => {
  const value = granting({ names: ['token'], references: [{ name: 'token' }] });
  expect(crossCheck(value)).toEqual([]);
  expect(crossCheck({ ...value, secrets: [...value.secrets, ...value.secrets] })).toMatchObject([
    { path: ['secrets', 1], message: 'duplicate name: token' },
  ]);
});

const calling = (...upstreams: string[][]) => ({
  plugins: [{ id: 'p', grants: { tool_call: { tools: ['a__x', 'b__*', 'a*', '*y', 'c__x', 'x', 'a_*'] } } }],
  bindings: upstreams.map((names, index) => ({ id: `b${index}`, upstreams: names, transforms: ['p'] })),
});
const warned = (value: object) => unreachableTools(value).map(({ path }) => path.at(-1));

it.each([
  { what: 'of several upstreams, what begins with none of them', value: calling(['a', 'd']), places: [1, 4, 5] },
  { what: 'of two bindings, what begins with none of theirs', value: calling(['a', 'd'], ['b', 'c']), places: [5] },
  { what: 'nothing where a binding has one upstream', value: calling(['a', 'd'], ['e']), places: [] },
  { what: 'nothing where no binding has the plugin', value: calling(), places: [] },
])('[CFG-06] warns of granted tools that no binding can have: $what', ({ value, places }) => {
  expect(warned(value)).toEqual(places);
});

it('[CFG-06] says where such a tool stands, and how names begin', () => {
  expect(unreachableTools(calling(['a', 'd']))[1]).toEqual({
    path: ['plugins', 0, 'grants', 'tool_call', 'tools', 4],
    message: 'no binding with the plugin p can have a tool named c__x',
    hint: 'with several upstreams, names begin with a__, d__',
  });
});

const upstreamsNamed = (ids: readonly string[], ...bindings: string[][]) => ({
  upstreams: ids.map(id => ({ id })),
  bindings: bindings.map((upstreams, index) => ({ id: `b${index}`, upstreams })),
});
const [fits, long, full] = ['a'.repeat(30), 'b'.repeat(31), 'c'.repeat(63)];

it('[GW-32] warns of ids that leave too little room for names behind several upstreams, and of no others', () => {
  expect(longPrefixes(upstreamsNamed([fits, long, full], [fits, long, full]))).toEqual([
    {
      path: ['upstreams', 1, 'id'],
      message: expect.stringContaining('leaves 31 of the 64 characters'),
      hint: 'choose a shorter id',
    },
    expect.objectContaining({ path: ['upstreams', 2, 'id'], message: expect.stringContaining('all 64') }),
  ]);
  expect(longPrefixes(upstreamsNamed([fits, long], [long], [fits]))).toEqual([]);
});

it('[CFG-06] refuses conditions on bindings and upstreams that do not exist, and warns of plugins that only record', () => {
  const value = {
    upstreams: [{ id: 'mail' }, { id: 'files' }],
    bindings: [{ id: 'support', upstreams: ['mail'], transforms: ['p'] }],
    plugins: [
      { id: 'p', mode: 'permissive', conditions: [{ bindings: ['s*', 'suport'] }, { upstreams: ['f*', 'x*'] }] },
    ],
  };
  expect(crossCheck(value)).toEqual([
    {
      path: ['plugins', 0, 'conditions', 0, 'bindings', 1],
      message: 'the condition can never match: no binding matches suport',
      hint: 'did you mean support?',
    },
    {
      path: ['plugins', 0, 'conditions', 1, 'upstreams', 1],
      message: 'the condition can never match: no upstream matches x*',
      hint: 'known upstreams: mail, files',
    },
  ]);
  expect(pluginsChecks.warnings(plain(value))).toEqual([
    { path: ['plugins', 0, 'mode'], message: 'blocks of the plugin p are only recorded', hint: expect.any(String) },
  ]);
});

it('[HOOK-154] a permissive policy is a warning that names it', () => {
  const value = {
    upstreams: [{ id: 'mail' }],
    bindings: [{ id: 'support', upstreams: ['mail'], policies: ['guard'] }],
    plugins: [{ id: 'guard', mode: 'permissive' }],
  };
  expect(pluginsChecks.warnings(plain(value))).toMatchObject([
    { path: ['plugins', 0, 'mode'], message: 'denials and failures of the policy guard are only recorded' },
  ]);
});
