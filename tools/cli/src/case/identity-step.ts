import type { IdentityQuestion } from '@sallyport/host/contract';
import { z } from 'zod';

const arriving = z.strictObject({
  method: z.string().default('POST'),
  path: z.string().default('/mcp/main'),
  binding: z.string().default('main'),
  address: z.string().default('127.0.0.1'),
  authorization: z.string().exactOptional(),
});

/** What the functions of identity plugins are called with, by the names of their hooks in receipts. */
const requests = {
  identify: z.strictObject({
    header: z.string().default('authorization'),
    scheme: z.string().exactOptional(),
    value: z.string().min(1),
  }),
  auth_pre_check: arriving,
  auth_post_check: z.strictObject({
    request: arriving.prefault({}),
    scheme: z.string().default('scheme'),
    subject: z.string().exactOptional(),
    tenant: z.string().exactOptional(),
    scopes: z.array(z.string()).default([]),
  }),
} as const;

export type IdentityHook = keyof typeof requests;

export const identityHooks = Object.keys(requests) as readonly IdentityHook[];

/** Returns whether a hook is one of identity plugins. */
export const isIdentityHook = (hook: string): hook is IdentityHook => Object.hasOwn(requests, hook);

/** Describes what is wrong with the request of a step; undefined if nothing is. */
export function requestProblem(hook: IdentityHook, request: unknown): string | undefined {
  const [issue] = requests[hook].safeParse(request).error?.issues ?? [];
  if (issue === undefined) return undefined;
  return [issue.path.map(String).join('.'), issue.message].filter(part => part !== '').join(': ');
}

/** Returns what a step asks the plugin. The request must have no problem. */
export function questionOf(hook: IdentityHook, request: unknown): IdentityQuestion {
  switch (hook) {
    case 'identify':
      return { stage: 'identify', value: requests[hook].parse(request) };
    case 'auth_pre_check':
      return { stage: 'preCheck', value: requests[hook].parse(request) };
    case 'auth_post_check':
      return { stage: 'postCheck', value: requests[hook].parse(request) };
  }
}
