import { expect, it } from 'vitest';
import type { JsonObject } from '../core/json.ts';
import { createPrincipal } from '../identity/principal.ts';
import { AccessRules } from './access.ts';
import type { AccessRule } from './access-rule.ts';
import type { Route } from './binding.ts';
import { capabilitiesOf, instructionsOf } from './server-capabilities.ts';

/** A binding of upstreams with these capabilities, or that were never reached. */
const routeOf = (...upstreams: (JsonObject | undefined)[]) => ({
  members: upstreams.map((capabilities, place) => ({
    upstream: {
      id: `up${place}`,
      serverInfo: capabilities && { capabilities, ...(capabilities.tools ? { instructions: 'Use `echo`.' } : {}) },
    },
  })) as unknown as Route['members'],
  access: undefined,
});
const changing = { listChanged: true };

it.each([
  { what: 'what its one upstream offers', of: [{ tools: {}, logging: {} }], are: { tools: changing, logging: {} } },
  { what: 'changes that it announces', of: [{ tools: changing }], are: { tools: changing } },
  {
    what: 'not what the gateway does not pass on',
    of: [{ tasks: {}, experimental: {}, resources: { subscribe: true } }],
    are: { resources: changing },
  },
  { what: 'all that several offer', of: [{ tools: {} }, { prompts: {} }], are: { tools: changing, prompts: changing } },
  {
    what: 'all that one may offer which is still to come',
    of: [{ tools: {} }, undefined],
    are: { tools: changing, prompts: changing, resources: changing, completions: {} },
  },
])('are $what', ({ of, are }) => {
  expect(capabilitiesOf(routeOf(...of))).toEqual(are);
});

it('are instructions as they were said; of several, with the prefix of their names', () => {
  expect(instructionsOf(routeOf({ tools: {} }))).toBe('Use `echo`.');
  expect(instructionsOf(routeOf({}, {}))).toBeUndefined();
  expect(instructionsOf(routeOf({}, { tools: {} }, undefined))).toBe(
    '## up1\n\nThe names of its tools and prompts begin with `up1__` here.\n\nUse `echo`.',
  );
});

it.each<[rule: AccessRule, upstreams: readonly string[]]>([
  [{}, ['up0', 'up1']],
  [{ upstreams: ['up1'] }, ['up1']],
  [{ tools: ['up0__*'] }, ['up0']],
  [{ tools: ['*e'] }, ['up0', 'up1']],
  [{ prompts: ['x'] }, []],
  [{ resources: ['doc:*'], tools: ['up0__x'] }, ['up0', 'up1']],
])('[GW-153] are instructions of the upstreams of which a rule could allow something: %j', (rule, upstreams) => {
  const access = new AccessRules([rule], true).of(createPrincipal({ scheme: 'sso', subject: 'ada' }));
  const text = instructionsOf({ ...routeOf({ tools: {} }, { tools: {} }), access }) ?? '';
  expect(['up0', 'up1'].filter(id => text.includes(`## ${id}`))).toEqual(upstreams);
});
