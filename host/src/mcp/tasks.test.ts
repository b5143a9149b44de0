import { expect, it } from 'vitest';
import { withoutTasks } from './tasks.ts';

const tool = (name: string, execution?: object) => ({ name, ...(execution && { execution: { ...execution } }) });

it('returns the same list where no tool speaks of tasks', () => {
  const tools = [tool('a'), tool('b', { other: 1 }), { name: 'c', execution: 'text' }];
  expect(withoutTasks(tools).tools).toBe(tools);
});

it.each([
  { what: 'may run as a task', execution: { taskSupport: 'optional' }, kept: [tool('a')], leftOut: [] },
  { what: 'never runs as a task', execution: { taskSupport: 'forbidden' }, kept: [tool('a')], leftOut: [] },
  { what: 'says more', execution: { taskSupport: 'optional', n: 1 }, kept: [tool('a', { n: 1 })], leftOut: [] },
  { what: 'only runs as a task', execution: { taskSupport: 'required' }, kept: [], leftOut: ['a'] },
])('a tool that $what is listed as $kept', ({ execution, kept, leftOut }) => {
  expect(withoutTasks([tool('a', execution)])).toEqual({ tools: kept, leftOut });
});
