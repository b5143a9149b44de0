import type { CodeFamily } from './code.ts';

/** OpenAPI documents of upstreams. */
export const openapiCodes = {
  openapi_unreadable: {
    exit: 5,
    says: 'The OpenAPI document cannot be read.',
    todo: 'Check `openapi.document`: a file, or a URL that answers without credentials, of JSON or YAML.',
  },
  openapi_version: {
    exit: 3,
    says: 'The document is not OpenAPI 3.0, 3.1 or 3.2.',
    todo: 'Use a document of OpenAPI 3. One of Swagger 2 can be converted, for example with `npx swagger2openapi`.',
  },
  openapi_invalid: {
    exit: 3,
    says: 'The OpenAPI document is invalid.',
    todo: 'Correct the reported place, or set `openapi.on_problem: skip` to leave out the operations with problems.',
  },
  openapi_unusable: {
    exit: 3,
    says: 'The settings of the upstream do not fit its OpenAPI document.',
    todo: 'Correct the setting that `path` names, or the document.',
  },
} as const satisfies CodeFamily;
