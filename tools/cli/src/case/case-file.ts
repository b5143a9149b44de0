import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cannedCapabilities } from '@sallyport/host/canned';
import type { CalledHook } from '@sallyport/host/contract';
import { fail, readRegularFile } from '@sallyport/host/core';
import { z } from 'zod';
import { federationHooks, federationProblem, isFederationHook } from './federation-step.ts';
import { identityHooks, isIdentityHook, requestProblem } from './identity-step.ts';

const stages = {
  tool_pre_invoke: 'tool-call',
  tool_post_invoke: 'tool-result',
  prompt_pre_fetch: 'prompt-get',
  prompt_post_fetch: 'prompt-result',
  resource_pre_fetch: 'resource-read',
  resource_post_fetch: 'resource-result',
  tool_list: 'tool-list',
  prompt_list: 'prompt-list',
  resource_list: 'resource-list',
} as const satisfies Record<CalledHook, string>;

/** The functions of policies, by the names of their hooks in receipts: a request that is sent, and an entry of a list. */
export const decisions = ['policy_decide', 'policy_decide_many'] as const;

const hookSchema = z.enum([
  ...(Object.keys(stages) as (keyof typeof stages)[]),
  ...decisions,
  ...identityHooks,
  ...federationHooks,
]);
const valueSchema = z.strictObject({ tag: z.string(), val: z.unknown() });
/** A value of the contract: of identity and federation plugins mostly a record, of all others a variant. */
const recordSchema = z.record(z.string(), z.unknown());
const anyValueSchema = recordSchema.superRefine((value, context) => {
  if (!('tag' in value)) return;
  for (const { path, message } of valueSchema.safeParse(value).error?.issues ?? [])
    context.addIssue({ code: 'custom', path, message });
});
const textsSchema = z.record(z.string(), z.string());

/** The members that capabilities add to `host` and `expect`. */
const membersOf = (part: 'host' | 'expect'): z.ZodRawShape =>
  Object.assign({}, ...Object.values(cannedCapabilities).map(canned => canned[part]));

const effects = membersOf('expect');

/** The members of `expect` that capabilities add. */
export const effectNames: readonly string[] = Object.keys(effects);

/** The plugin's environment: the answers of every capability. Defaults are empty and always the same. */
const hostSchema = z.strictObject({
  ...membersOf('host'),
  /** Optional capabilities that are not granted. */
  denied: z.array(z.string()).default([]),
  /** The time of the wall clock. */
  clock: z.iso.datetime({ offset: true }).default('2026-01-01T00:00:00Z'),
  /** Context values that earlier plugins have set for all. */
  shared: textsSchema.default({}),
});

export type CaseHost = z.infer<typeof hostSchema>;

const logLineSchema = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error']).optional(),
  message: z.string().optional(),
  contains: z.string().optional(),
});

const expectSchema = z.strictObject({
  ...effects,
  /** `refused` means that it does not start with this `config`. */
  outcome: z.enum(['proceed', 'modified', 'respond', 'block', 'failed', 'refused']),
  value: anyValueSchema.optional(),
  /** Members to compare; others are ignored. */
  violation: z
    .strictObject({
      code: z.string().optional(),
      reason: z.string().optional(),
      description: z.string().optional(),
      details: z.unknown().optional(),
    })
    .optional(),
  cause: z.enum(['trap', 'timeout', 'limit', 'invalid_output', 'unavailable']).optional(),
  /** A part of the message of a failure or refusal. */
  message: z.string().optional(),
  /** All log lines of the call. */
  log: z.array(logLineSchema).optional(),
  /** All context values that are shared afterwards. */
  shared: textsSchema.optional(),
});

export type Expectation = z.infer<typeof expectSchema>;

const stepShape = {
  hook: hookSchema,
  context: z
    .strictObject({
      requestId: z.string().default('request-1'),
      binding: z.string().default('main'),
      upstream: z.string().default('upstream'),
      tenant: z.string().optional(),
      subject: z.string().optional(),
      /** What only policies get. */
      method: z.string().optional(),
      scopes: z.array(z.string()).optional(),
    })
    .prefault({}),
  request: anyValueSchema.optional(),
  response: valueSchema.optional(),
  /** Advances the clock before the call. */
  later_ms: z.number().min(0).default(0),
  expect: expectSchema,
};

const stepSchema = z.strictObject(stepShape).superRefine((step, context) => {
  const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  const { hook, request, response, expect } = step;
  if (isIdentityHook(hook) || isFederationHook(hook)) {
    const found = isIdentityHook(hook) ? requestProblem(hook, request ?? {}) : federationProblem(hook, request ?? {});
    const problem = response === undefined ? found : `${hook} takes a request`;
    if (problem !== undefined) refuse('request', problem);
    return;
  }
  const decides = hook === 'policy_decide' || hook === 'policy_decide_many';
  const word = decides || /_pre_/.test(hook) ? 'request' : 'response';
  const value = word === 'request' ? request : response;
  if (value === undefined || (request !== undefined && response !== undefined)) {
    return refuse(word, `${hook} takes a ${word}`);
  }
  const tags: readonly string[] = decides
    ? ['tool-call', 'prompt-get', 'resource-read']
    : [stages[hook], ...(word === 'request' ? [] : ['input-required'])];
  if (!('tag' in value) || !tags.includes(String(value.tag)))
    refuse(word, `${hook} takes one of the tags ${tags.join(', ')}`);
  if (word === 'response' && expect.outcome === 'respond') refuse('expect', 'an after hook cannot respond');
});

export type Step = z.infer<typeof stepSchema>;

/** Members as stated: defaults are applied after those of the file and of the case are merged. */
const statedHostSchema = z.record(z.string(), z.unknown());

const caseShape = {
  name: z.string().min(1),
  /** Replaces the file's. */
  config: z.record(z.string(), z.unknown()).optional(),
  /** Overrides the file's, member by member. */
  host: statedHostSchema.optional(),
};
const refusedSchema = z.strictObject({ ...caseShape, expect: expectSchema.extend({ outcome: z.literal('refused') }) });
const stepsSchema = z.strictObject({ ...caseShape, steps: z.array(stepSchema).min(1) });
const fileSchema = z.strictObject({
  $schema: z.string().optional(),
  config: z.record(z.string(), z.unknown()).optional(),
  host: statedHostSchema.default({}),
  cases: z.array(z.record(z.string(), z.unknown())).min(1),
});

/** One case: the plugin's environment and a sequence of calls. */
export interface Case {
  readonly name: string;
  readonly file: string;
  /** Undefined for the `default_config` of the descriptor. */
  readonly config: Readonly<Record<string, unknown>> | undefined;
  readonly host: CaseHost;
  readonly steps: readonly Step[];
  /** Set if the plugin is expected not to start. */
  readonly refused?: Expectation;
}

/** Reads all `*.json` files of a folder, sorted by name. @throws Fault `cases_invalid`, also when there are none */
export async function readCases(folder: string): Promise<readonly Case[]> {
  const names = (await readdir(folder).catch(() => [])).filter(name => name.endsWith('.json')).toSorted();
  if (names.length === 0)
    return fail('cases_invalid', { file: join(folder, '*.json'), what: 'the file does not exist' });
  const cases: Case[] = [];
  for (const name of names) {
    const file = join(folder, name);
    cases.push(...parseCases((await readRegularFile(file)).toString('utf8'), file));
  }
  return cases;
}

/** @throws Fault `cases_invalid`, with the place in the file */
export function parseCases(text: string, file: string): readonly Case[] {
  const refuse = (path: string, what: string) => fail('cases_invalid', { file, ...(path && { path }), what });
  const parse = <T>(schema: z.ZodType<T>, value: unknown, at: readonly PropertyKey[]): T => {
    const { data, error } = schema.safeParse(value);
    if (error === undefined) return data as T;
    const [issue] = error.issues;
    return refuse([...at, ...(issue?.path ?? [])].map(String).join('.'), issue?.message ?? 'not valid');
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return refuse('', error instanceof Error ? error.message : String(error));
  }
  const { config: shared, host: around, cases } = parse(fileSchema, json, []);
  parse(hostSchema, around, ['host']);
  return cases.map((each, index) => {
    const at = ['cases', index];
    const isCall = 'hook' in each || 'request' in each || 'response' in each;
    const {
      name,
      config = shared,
      host,
      ...rest
    } = 'steps' in each
      ? parse(stepsSchema, each, at)
      : isCall
        ? oneStep(each, at, parse)
        : asRefused(parse(refusedSchema, each, at));
    return { name, file, config, host: parse(hostSchema, { ...around, ...host }, [...at, 'host']), ...rest };
  });
}

function oneStep(
  { name, config, host, ...step }: Readonly<Record<string, unknown>>,
  at: readonly PropertyKey[],
  parse: <T>(schema: z.ZodType<T>, value: unknown, at: readonly PropertyKey[]) => T,
) {
  const outer = parse(z.strictObject(caseShape), { name, config, host }, at);
  return { ...outer, steps: [parse(stepSchema, step, at)] };
}

const asRefused = ({ expect, ...rest }: z.infer<typeof refusedSchema>) => ({ ...rest, steps: [], refused: expect });
