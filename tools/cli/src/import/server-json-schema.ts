import { z } from 'zod';

const variable = z.looseObject({
  description: z.string().optional(),
  isRequired: z.boolean().default(false),
  isSecret: z.boolean().default(false),
  default: z.string().optional(),
  value: z.string().optional(),
});

/** A value that the entry states, or asks for. `value` may contain `{name}` of `variables`. */
const input = variable.extend({ variables: z.record(z.string(), variable).default({}) });
export type RegistryInput = z.output<typeof input>;

const named = input.extend({ name: z.string().min(1) });
const argument = z.discriminatedUnion(
  'type',
  [
    named.extend({ type: z.literal('named') }),
    input.extend({ type: z.literal('positional'), valueHint: z.string().optional() }),
  ],
  { error: 'expected the type named or positional' },
);
export type RegistryArgument = z.output<typeof argument>;

const remote = z.looseObject({
  type: z.enum(['streamable-http', 'sse'], { error: 'expected streamable-http or sse' }),
  url: z.string().min(1),
  headers: z.array(named).default([]),
  variables: z.record(z.string(), variable).default({}),
});
export type RegistryRemote = z.output<typeof remote>;

const registryPackage = z.looseObject({
  registryType: z.string().min(1),
  registryBaseUrl: z.string().optional(),
  identifier: z.string().min(1),
  version: z.string().optional(),
  runtimeHint: z.string().optional(),
  transport: z.looseObject({ type: z.string() }).optional(),
  runtimeArguments: z.array(argument).default([]),
  packageArguments: z.array(argument).default([]),
  environmentVariables: z.array(named).default([]),
});
export type RegistryPackage = z.output<typeof registryPackage>;

/** An entry of the MCP registry. */
export const serverJson = z.looseObject({
  name: z.string().min(1),
  status: z.string().optional(),
  packages: z.array(registryPackage).default([]),
  remotes: z.array(remote).default([]),
});

/** Names of members in the format of July 2025, which had underscores and `transport_type`. */
export function withNamesOfToday(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNamesOfToday);
  if (typeof value !== 'object' || value === null) return value;
  const today = (name: string) =>
    name === 'transport_type' ? 'type' : name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      // These are not names of members but of headers and variables.
      if (name === 'variables' && typeof each === 'object' && each !== null) {
        return [name, Object.fromEntries(Object.entries(each).map(([key, one]) => [key, withNamesOfToday(one)]))];
      }
      return [name.startsWith('_') ? name : today(name), withNamesOfToday(each)];
    }),
  );
}
