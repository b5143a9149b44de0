import { z } from 'zod';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { changeSchema, definitionSchema } from '../answer/registration.ts';
import { defineChange, defineReading, type Operation, type OperationInput } from '../operation.ts';
import type { RegisteredList, RegistrationRequest } from '../registrations.ts';

const query = z.strictObject({
  dry_run: z.enum(['true', 'false']).optional().describe('`true`: validate everything, and return what would change.'),
});

type Input = Pick<OperationInput<z.output<typeof query>, unknown>, 'query' | 'ifMatch' | 'subject'>;

const requestOf = ({ query: { dry_run }, ifMatch, subject }: Input): RegistrationRequest => ({
  ...{ dryRun: dry_run === 'true', ifMatch, subject },
});

/** Declares the operations on the entries of a list. */
function operationsOn(list: RegisteredList, noun: 'Upstream' | 'Binding'): readonly Operation[] {
  const what = `${noun === 'Upstream' ? 'an' : 'a'} ${noun.toLowerCase()}`;
  // The configuration's schema checks the entry. Zod would drop a member named `__proto__`, so it copies nothing.
  const body = z
    .unknown()
    .refine((value): value is JsonObject => isJsonObject(value as Json), 'expected an object')
    .meta({ type: 'object', description: `An entry of \`${list}\` as in sallyport.yaml, without variables.` });
  const one = `/admin/${list}/{id}`;
  return [
    defineReading({
      ...{ id: `get${noun}`, path: one, summary: `Returns how ${what} is defined.` },
      answer: definitionSchema,
      run: ({ registrations }, { parts: { id = '' } }) => registrations.find(list, id),
    }),
    defineChange({
      ...{ id: `register${noun}`, method: 'POST', path: `/admin/${list}`, summary: `Registers ${what}.` },
      ...{ query, body, answer: changeSchema },
      run: ({ registrations }, input) => registrations.register(list, input.body as JsonObject, requestOf(input)),
    }),
    defineChange({
      ...{ id: `update${noun}`, method: 'PUT', path: one, summary: `Replaces ${what} that was registered.` },
      ...{ query, body, isConditional: true, answer: changeSchema },
      run: ({ registrations }, { parts: { id = '' }, ...input }) =>
        registrations.replace(list, id, input.body as JsonObject, requestOf(input)),
    }),
    defineChange({
      ...{ id: `unregister${noun}`, method: 'DELETE', path: one, summary: `Removes ${what} that was registered.` },
      ...{ query, isConditional: true, answer: changeSchema },
      run: ({ registrations }, { parts: { id = '' }, ...input }) =>
        registrations.unregister(list, id, requestOf(input)),
    }),
  ];
}

export const registrationOperations: readonly Operation[] = [
  ...operationsOn('upstreams', 'Upstream'),
  ...operationsOn('bindings', 'Binding'),
];
