import { expect, it } from 'vitest';
import { descriptorOf } from '../../../test/fixtures/signed-plugin.ts';
import type { HookName } from '../contract/hook-name.ts';
import { toFaults } from '../core/fault.ts';
import { chosenHooks } from './plugin-hooks.ts';

const descriptor = descriptorOf({ hooks: ['tool_pre_invoke', 'tool_post_invoke'] });

it.each<{ what: string; chosen: readonly HookName[] | undefined; hooks: readonly HookName[] }>([
  { what: 'nothing', chosen: undefined, hooks: ['tool_pre_invoke', 'tool_post_invoke'] },
  { what: 'some of them', chosen: ['tool_post_invoke'], hooks: ['tool_post_invoke'] },
])('[HOOK-108] an operator who chooses $what', ({ chosen, hooks }) => {
  expect([...chosenHooks(chosen, descriptor)]).toEqual(hooks);
});

it('[HOOK-108] a hook that the plugin does not have is refused, with the nearest or all of them', () => {
  const refusals = (chosen: readonly HookName[]) => {
    try {
      return chosenHooks(chosen, descriptor);
    } catch (error) {
      return toFaults(error).map(({ code, hint, details }) => ({ code, hint, hook: details.hook }));
    }
  };
  expect(refusals(['tool_list', 'tool_pre_invoke', 'prompt_pre_fetch'])).toEqual([
    { code: 'hook_undeclared', hint: 'its hooks: tool_pre_invoke, tool_post_invoke', hook: 'tool_list' },
    { code: 'hook_undeclared', hint: 'its hooks: tool_pre_invoke, tool_post_invoke', hook: 'prompt_pre_fetch' },
  ]);
});
