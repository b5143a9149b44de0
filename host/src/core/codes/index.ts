import { accountCodes } from './account.ts';
import { adminCodes } from './admin.ts';
import { authorCodes } from './author.ts';
import { capabilityCodes } from './capability.ts';
import type { Code } from './code.ts';
import { configCodes } from './config.ts';
import { embeddingCodes } from './embedding.ts';
import { hookCodes } from './hook.ts';
import { httpCodes } from './http.ts';
import { identityCodes } from './identity.ts';
import { lockfileCodes } from './lockfile.ts';
import { mcpCodes } from './mcp.ts';
import { openapiCodes } from './openapi.ts';
import { overlayCodes } from './overlay.ts';
import { pluginCodes } from './plugin.ts';
import { processCodes } from './process.ts';
import { runtimeCodes } from './runtime.ts';
import { sourceCodes } from './source.ts';
import { upstreamCodes } from './upstream.ts';
import { upstreamAuthCodes } from './upstream-auth.ts';
import { verifyCodes } from './verify.ts';

/** Every error code, in the order of docs/errors.md, which is generated from this table. */
const table = {
  ...processCodes,
  ...configCodes,
  ...overlayCodes,
  ...sourceCodes,
  ...verifyCodes,
  ...lockfileCodes,
  ...capabilityCodes,
  ...runtimeCodes,
  ...pluginCodes,
  ...hookCodes,
  ...upstreamCodes,
  ...upstreamAuthCodes,
  ...openapiCodes,
  ...accountCodes,
  ...httpCodes,
  ...identityCodes,
  ...adminCodes,
  ...mcpCodes,
  ...embeddingCodes,
  ...authorCodes,
} as const;

export type FaultCode = keyof typeof table;
export const codes: Readonly<Record<FaultCode, Code>> = table;
