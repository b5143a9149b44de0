import { z } from 'zod';
import { openapiDocument } from './openapi-document.ts';
import { endSession, listPrincipals, listSessions } from './operation/callers.ts';
import { disablePlugin, enablePlugin, reload, reloadPlugin, setPluginMode } from './operation/plugin-switches.ts';
import { getPlugin, listPluginStats, listPlugins, resetPlugin } from './operation/plugins.ts';
import { registrationOperations } from './operation/registration.ts';
import { getConfig, getStatus } from './operation/status.ts';
import { listBindings, listUpstreams } from './operation/upstreams.ts';
import { defineReading, type Operation } from './operation.ts';

const getOpenapi = defineReading({
  id: 'getOpenapi',
  path: '/admin/openapi.json',
  summary: 'Returns the description of this API.',
  answer: z.looseObject({ openapi: z.string() }),
  run: () => adminDocument(),
});

/**
 * Every operation of the management API, in the order of its description. To add one, add it here. No two paths match the
 * same URL: an id can be any word.
 */
export const operations: readonly Operation[] = [
  getOpenapi,
  getStatus,
  getConfig,
  reload,
  listPlugins,
  listPluginStats,
  getPlugin,
  resetPlugin,
  enablePlugin,
  disablePlugin,
  setPluginMode,
  reloadPlugin,
  listUpstreams,
  listBindings,
  ...registrationOperations,
  listSessions,
  endSession,
  listPrincipals,
];

let document: ReturnType<typeof openapiDocument> | undefined;

/** Returns the OpenAPI description of all operations. */
export function adminDocument(): ReturnType<typeof openapiDocument> {
  document ??= openapiDocument(operations);
  return document;
}
