import { expect, it, vi } from 'vitest';
import type { Condition } from '../contract/hook-policy.ts';
import type { ListMethod } from '../mcp/methods.ts';
import { namedTargets } from './condition.ts';
import { UnmatchedNames } from './unmatched-names.ts';

const field = { 'tools/list': 'tools', 'prompts/list': 'prompts' } as const;

/** Returns what shows lists, each whole unless stated, and the warnings so far. */
function setUp(conditions: readonly Condition[], upstreams: readonly string[] = ['mail', 'files']) {
  const report = vi.fn();
  const named = namedTargets(conditions, 'main').map(name => ({ ...name, owner: 'p' }));
  const unmatched = new UnmatchedNames(named, report);
  const list = (method: ListMethod, upstream: string, names: readonly string[], page = {}) =>
    unmatched.listed({ binding: 'main', upstreams, upstream, method, names, isFirst: true, isLast: true, ...page });
  const warnings = () => report.mock.calls.map(([about]) => about as unknown);
  return { unmatched, list, warnings };
}

it.each<{ what: string; conditions: readonly Condition[]; names: readonly string[] | undefined }>([
  { what: 'a tool that is listed', conditions: [{ tools: ['send'] }], names: undefined },
  { what: 'a glob that matches one', conditions: [{ tools: ['se*'] }], names: undefined },
  { what: 'a tool as clients name it', conditions: [{ tools: ['mail__send'] }], names: undefined },
  { what: 'a tool that no upstream lists', conditions: [{ tools: ['send', 'sned', 'x*'] }], names: ['sned', 'x*'] },
  { what: 'a tool of another upstream', conditions: [{ tools: ['send'], upstreams: ['files'] }], names: ['send'] },
  { what: 'a tool of this upstream', conditions: [{ tools: ['send'], upstreams: ['ma*'] }], names: undefined },
  { what: 'every tool', conditions: [{ tools: ['*'] }], names: undefined },
  { what: 'a tool in another binding', conditions: [{ bindings: ['other'], tools: ['x'] }], names: undefined },
])('[HOOK-110] when all upstreams have listed their tools, a condition on $what', ({ conditions, names }) => {
  const { list, warnings } = setUp(conditions);
  list('tools/list', 'mail', ['send', 'read']);
  expect(warnings()).toEqual([]);
  list('tools/list', 'files', ['open']);
  const about = { owner: 'p', binding: 'main', field: field['tools/list'], count: names?.length, names };
  expect(warnings()).toEqual(names === undefined ? [] : [about]);
});

it('[HOOK-110] the warning is written once, and nothing is looked at after it', () => {
  const { unmatched, list, warnings } = setUp([{ prompts: ['x'] }], ['mail']);
  expect(unmatched.isLooking).toBe(true);
  for (let time = 0; time < 3; time += 1) list('prompts/list', 'mail', ['greet']);
  expect(warnings()).toHaveLength(1);
  expect(unmatched.isLooking).toBe(false);
});

it('[HOOK-110] a list of several pages is looked at to its end', () => {
  const { list, warnings } = setUp([{ tools: ['send', 'x'] }], ['mail']);
  list('tools/list', 'mail', ['open'], { isFirst: false });
  expect(warnings()).toEqual([]);
  list('tools/list', 'mail', ['read'], { isLast: false });
  list('tools/list', 'mail', ['send'], { isFirst: false });
  expect(warnings()).toMatchObject([{ names: ['x'] }]);
});

it('[HOOK-110] a URI may be one of a template, so both lists of resources must be seen', () => {
  const unlisted = setUp([{ resources: ['doc:x'] }], ['mail']);
  unlisted.list('resources/list', 'mail', ['doc:a']);
  expect(unlisted.warnings()).toEqual([]);
  unlisted.list('resources/templates/list', 'mail', []);
  expect(unlisted.warnings()).toMatchObject([{ names: ['doc:x'] }]);
  const templates = setUp([{ resources: ['doc:x'] }], ['mail']);
  templates.list('resources/list', 'mail', ['doc:a']);
  templates.list('resources/templates/list', 'mail', ['doc:{id}']);
  expect(templates.warnings()).toEqual([]);
});
