import { expect, it } from 'vitest';
import { descriptorOf } from '../../../test/fixtures/signed-plugin.ts';
import type { Config } from '../config/config.ts';
import type { HookName } from '../contract/hook-name.ts';
import { toFaults } from '../core/fault.ts';
import { checkBands } from './band-conflict.ts';

interface Case {
  readonly what: string;
  readonly writes: readonly [readonly string[], readonly string[]];
  /** Differences of the second plugin. */
  readonly other?: object;
  readonly hooks?: readonly HookName[];
  readonly transforms?: readonly string[];
  readonly isOn?: boolean;
  readonly path: string | undefined;
}

it.each<Case>([
  { what: 'the same path', writes: [['/arguments/query'], ['/arguments/query']], path: '/arguments/query' },
  { what: 'a path and its parent', writes: [['/arguments/query/text'], ['/arguments']], path: '/arguments/query/text' },
  { what: 'names that differ in case', writes: [['/arguments/Query'], ['/arguments/query']], path: '/arguments/Query' },
  { what: 'any member', writes: [['/content/*/text'], ['/content/0']], path: '/content/*/text' },
  { what: 'different paths', writes: [['/arguments/a'], ['/arguments/b', '/content']], path: undefined },
  { what: 'nothing', writes: [[], ['/arguments']], path: undefined },
  {
    what: 'the same path at different hooks',
    writes: [['/arguments'], ['/arguments']],
    hooks: ['tool_post_invoke'],
    path: undefined,
  },
  {
    what: 'the same path at another priority',
    writes: [['/arguments'], ['/arguments']],
    other: { priority: 2 },
    path: undefined,
  },
  {
    what: 'the same path, not stated',
    writes: [['/arguments'], ['/arguments']],
    other: { isPriorityStated: false },
    path: undefined,
  },
  {
    what: 'the same path, in shadow',
    writes: [['/arguments'], ['/arguments']],
    other: { mode: 'shadow' },
    path: undefined,
  },
  {
    what: 'the same path in no common binding',
    writes: [['/arguments'], ['/arguments']],
    transforms: ['a'],
    path: undefined,
  },
  {
    what: 'the same path, one after the other',
    writes: [['/arguments'], ['/arguments']],
    isOn: false,
    path: undefined,
  },
])('[HOOK-109] two plugins of a band that declare $what', ({ writes, other, hooks, transforms, isOn = true, path }) => {
  const config = {
    plugin_settings: { parallel_execution_within_band: isOn },
    plugins: [
      { id: 'a', priority: 1, isPriorityStated: true, mode: 'enforce' },
      { id: 'b', priority: 1, isPriorityStated: true, mode: 'permissive', ...other },
    ],
    bindings: [{ id: 'main', transforms: transforms ?? ['a', 'b'] }],
  } as unknown as Config;
  const all: readonly HookName[] = ['tool_pre_invoke', 'tool_post_invoke'];
  const plugins = [
    { id: 'a', writes: writes[0], hooks: new Set(all) },
    { id: 'b', writes: writes[1], hooks: new Set(hooks ?? all) },
  ];
  const faults = () => {
    try {
      checkBands(config, plugins);
      return [];
    } catch (error) {
      return toFaults(error).map(({ code, details }) => ({ code, details }));
    }
  };
  const details = { plugin: 'a', other: 'b', binding: 'main', path };
  expect(faults()).toMatchObject(path === undefined ? [] : [{ code: 'band_conflict', details }]);
});

it.each([
  { path: 'arguments', says: 'JSON pointer' },
  { path: '/arguments/', says: 'JSON pointer' },
  { path: '/argument/query', says: 'no hook shows /argument/query' },
  { path: '/toString', says: 'no hook shows' },
  { path: '/messages', says: 'prompt_post_fetch' },
])('[HOOK-109] a descriptor that declares $path is refused', ({ path, says }) => {
  expect(() => descriptorOf({ hooks: ['tool_pre_invoke'], writes: ['/arguments', path] })).toThrow(
    expect.objectContaining({
      code: 'descriptor_invalid',
      details: expect.objectContaining({ path: 'writes.1', what: expect.stringContaining(says) }),
    }),
  );
});
