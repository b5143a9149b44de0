import type { FederationQuestion, ServerList } from '@sallyport/host/contract';
import { z } from 'zod';
import { toContract } from './contract-value.ts';

const joining = z.strictObject({
  id: z.string().default('upstream'),
  transport: z.enum(['stdio', 'http', 'openapi']).default('http'),
  urls: z.array(z.string()).default([]),
  command: z.string().exactOptional(),
  bindings: z.array(z.string()).default(['main']),
  origin: z.enum(['file', 'program', 'admin']).default('file'),
  principal: z.string().exactOptional(),
});

const count = z.int().min(0).exactOptional();
const kind = z.enum(['tools', 'prompts', 'resources', 'resource-templates']);

/** What the functions of federation plugins are called with, by their hooks. */
const requests = {
  server_pre_register: joining,
  server_post_register: z.strictObject({
    server: joining.prefault({}),
    name: z.string().exactOptional(),
    version: z.string().exactOptional(),
    revision: z.string().exactOptional(),
    capabilities: z.array(z.string()).default([]),
    ...{ tools: count, prompts: count, resources: count, resourceTemplates: count },
  }),
  federation_pre_sync: z.strictObject({
    kind: kind.default('tools'),
    reason: z.enum(['connected', 'changed', 'aged']).default('connected'),
    entries: count,
  }),
  federation_post_sync: z.strictObject({ tag: kind, val: z.array(z.record(z.string(), z.unknown())) }),
} as const;

export type FederationHook = keyof typeof requests;

export const federationHooks = Object.keys(requests) as readonly FederationHook[];

/** Returns whether a hook is one of federation plugins. */
export const isFederationHook = (hook: string): hook is FederationHook => Object.hasOwn(requests, hook);

/** Describes what is wrong with the request of a step; undefined if nothing is. */
export function federationProblem(hook: FederationHook, request: unknown): string | undefined {
  const [issue] = requests[hook].safeParse(request).error?.issues ?? [];
  if (issue === undefined) return undefined;
  return [issue.path.map(String).join('.'), issue.message].filter(part => part !== '').join(': ');
}

/** Returns what a step asks the plugin. The request must have no problem. */
export function federationQuestion(hook: FederationHook, request: unknown): FederationQuestion {
  switch (hook) {
    case 'server_pre_register':
      return { stage: 'preRegister', value: requests[hook].parse(request) };
    case 'server_post_register':
      return { stage: 'postRegister', value: requests[hook].parse(request) };
    case 'federation_pre_sync':
      return { stage: 'preSync', value: requests[hook].parse(request) };
    case 'federation_post_sync':
      return { stage: 'postSync', value: toContract<ServerList>(requests[hook].parse(request)) };
  }
}
