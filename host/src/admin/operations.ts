import { z } from 'zod';
import { openapiDocument } from './openapi-document.ts';
import { getStatus } from './operation/status.ts';
import { defineReading, type Operation } from './operation.ts';

const described: readonly Operation[] = [getStatus];

const getOpenapi = defineReading({
  id: 'getOpenapi',
  path: '/admin/openapi.json',
  summary: 'Returns the description of this API.',
  answer: z.looseObject({ openapi: z.string() }),
  run: () => adminDocument(),
});

/** Every operation of the management API, in the order of its description. To add one, add it here. */
export const operations: readonly Operation[] = [getOpenapi, ...described];

let document: ReturnType<typeof openapiDocument> | undefined;

/** Returns the OpenAPI description of all operations. */
export function adminDocument(): ReturnType<typeof openapiDocument> {
  document ??= openapiDocument(operations);
  return document;
}
