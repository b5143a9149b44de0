import { z } from 'zod';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { version } from '../core/version.ts';
import type { Operation } from './operation.ts';

/** The answer to a request that was refused or failed. */
const refusal = z.strictObject({
  error: z.strictObject({
    code: z.string().describe('One of the codes in docs/errors.md.'),
    message: z.string(),
    hint: z.string().describe('What to do next.'),
    request: z.string().describe('The id of the request, which the log has too.'),
  }),
  problems: z
    .array(z.looseObject({ code: z.string(), message: z.string() }))
    .optional()
    .describe('Every problem, with its place.'),
});

/** Describes operations as OpenAPI 3.1. */
export function openapiDocument(operations: readonly Operation[]): JsonObject & { readonly openapi: string } {
  const [bodies, answers] = [z.registry<{ id: string }>(), z.registry<{ id: string }>()];
  answers.add(refusal, { id: 'Refusal' });
  for (const { id, body, answer } of operations) {
    if (body !== undefined) bodies.add(body, { id: schemaName(id, 'Body') });
    answers.add(answer, { id: schemaName(id, 'Answer') });
  }
  const paths = Map.groupBy(operations, ({ path }) => path);
  return {
    openapi: '3.1.1',
    info: {
      title: 'Management API of Sallyport',
      version,
      description: 'Reads and changes a running gateway. Every operation needs credentials of the section `admin`.',
    },
    paths: Object.fromEntries(
      [...paths].map(([path, each]) => [
        path,
        Object.fromEntries(each.map(operation => [operation.method.toLowerCase(), described(operation)])),
      ]),
    ),
    components: {
      schemas: { ...written(answers, 'output'), ...written(bodies, 'input') },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key, or the token of the configuration.' },
        certificate: { type: 'mutualTLS' },
      },
    },
    security: [{ bearer: [] }, { certificate: [] }],
  };
}

const schemaName = (id: string, part: 'Body' | 'Answer') => `${id.charAt(0).toUpperCase()}${id.slice(1)}${part}`;

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const content = (name: string) => ({ content: { 'application/json': { schema: reference(name) } } });

/** Writes the schemas of a registry. What they share is written once. */
function written(registry: Parameters<typeof z.toJSONSchema>[0], io: 'input' | 'output'): JsonObject {
  const { schemas } = z.toJSONSchema(registry as z.core.$ZodRegistry<{ id: string }>, {
    io,
    uri: name => `#/components/schemas/${name}`,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _, $id: __, ...schema }]) => [name, schema as Json]),
  ) as JsonObject;
}

function described({ id, summary, scope, path, query, body, isConditional }: Operation): JsonObject {
  const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' } },
  }));
  return {
    operationId: id,
    summary,
    description: `Needs the scope \`${scope}\`.`,
    parameters: [
      ...parts,
      ...(query === undefined ? [] : queryParameters(query)),
      ...(isConditional === true ? [ifMatch] : []),
    ],
    ...(body !== undefined && { requestBody: { required: true, ...content(schemaName(id, 'Body')) } }),
    responses: {
      200: { description: 'Done.', ...content(schemaName(id, 'Answer')) },
      default: { description: 'Refused or failed.', ...content('Refusal') },
    },
  };
}

const ifMatch: JsonObject = {
  ...{ name: 'If-Match', in: 'header', required: false, schema: { type: 'string' } },
  description: 'The `etag` of what is to be changed: if it has changed meanwhile, the request is refused with 412.',
};

function queryParameters(query: z.ZodObject): readonly JsonObject[] {
  const { properties } = z.toJSONSchema(query, { io: 'input' }) as JsonObject;
  return Object.entries(isJsonObject(properties) ? properties : {}).map(([name, schema]) => ({
    ...{ name, in: 'query', required: false, schema },
  }));
}
