import { foldCase } from '../core/json-twins.ts';
import type { HookName } from './hook-name.ts';

const calls: readonly HookName[] = ['tool_pre_invoke', 'prompt_pre_fetch'];

/** The members of what plugins see that they can change, with the hooks that show them. */
const members: Readonly<Record<string, readonly HookName[]>> = {
  name: calls,
  arguments: calls,
  uri: ['resource_pre_fetch'],
  content: ['tool_post_invoke'],
  structuredContent: ['tool_post_invoke'],
  isError: ['tool_post_invoke'],
  description: ['prompt_post_fetch'],
  messages: ['prompt_post_fetch'],
  contents: ['resource_post_fetch'],
  tools: ['tool_list'],
  prompts: ['prompt_list'],
  resources: ['resource_list'],
  resourceTemplates: ['resource_list'],
};

const stepsOf = (path: string): readonly string[] => path.split('/').slice(1);

/** Returns the hooks at which a plugin can change a path such as `/arguments/query`. */
export function hooksOfPath(path: string): readonly HookName[] {
  const [member = ''] = stepsOf(path);
  return Object.hasOwn(members, member) ? (members[member] ?? []) : [];
}

/** Returns why a path of a descriptor's `writes` is refused; undefined if it is valid. */
export function writtenPathProblem(path: string, hooks: readonly HookName[]): string | undefined {
  if (!/^(\/([^/~]|~[01])+)+$/.test(path)) {
    return 'expected a JSON pointer such as /arguments/query, with * for any member';
  }
  const known = hooksOfPath(path);
  if (known.length === 0) return `no hook shows ${path}: paths begin with /${Object.keys(members).join(', /')}`;
  return known.some(hook => hooks.includes(hook)) ? undefined : `none of its hooks shows ${path}: ${known.join(', ')}`;
}

/**
 * Whether two paths overlap: they are the same, or one is a parent of the other. Names that differ only in case are the
 * same, because many servers read them as one.
 */
export function overlap(one: string, other: string): boolean {
  const steps = stepsOf(foldCase(one));
  const others = stepsOf(foldCase(other));
  const shared = Math.min(steps.length, others.length);
  return steps.slice(0, shared).every((step, place) => step === others[place] || step === '*' || others[place] === '*');
}
