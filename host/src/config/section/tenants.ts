import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import { memberAt } from '../member-at.ts';
import type { Problem } from '../problem.ts';
import { count, text } from './fields.ts';
import { duplicates, entries, entryPaths, listed, type Named, unknownNames } from './named.ts';
import { secretNames, tenantSecret, withAbsoluteFile } from './secrets.ts';
import { section } from './section.ts';

const shared = {
  requests_per_minute: count.optional().describe('As many may come at once; then they refill evenly.'),
  concurrent_requests: count.optional(),
  sessions: count.optional().describe('Sessions that are open, of revisions that have sessions.'),
  hook_ms_per_minute: count.optional().describe('The milliseconds that plugins may work for it in a minute.'),
};

const limits = z
  .strictObject({
    ...shared,
    egress_requests_per_minute: count
      .optional()
      .describe('The requests that plugins may send for it with outbound_http, all plugins together.'),
  })
  .prefault({});
const callerLimits = z.strictObject(shared).prefault({});

const pluginOverride = z.strictObject({
  id: text.describe('The id of a plugin.'),
  config: z
    .record(z.string(), z.unknown())
    .describe("Members that replace those of the plugin's `config` for this tenant. The others stay."),
});

const tenant = z.strictObject({
  id: text.describe('The tenant, or * for every other one and for callers without a tenant.'),
  bindings: z.array(z.string()).optional().describe('The bindings that it may use; all of them by default.'),
  default_binding: z
    .string()
    .optional()
    .describe('The binding at URLs that name none, such as /mcp. Default: the default binding.'),
  limits: limits.describe('Limits of the tenant, all its callers together.'),
  caller_limits: callerLimits.describe('Limits of each of its callers.'),
  plugins: z
    .array(pluginOverride)
    .default([])
    .describe('Plugins that are configured differently for the tenant, in instances that serve no other tenant.'),
  secrets: z.array(tenantSecret).default([]).describe("The tenant's own values of `secrets`, instead of those of all."),
});

/** `tenants`: what each tenant may use, and how much. */
export const tenantsSection = section({
  shape: { tenants: z.array(tenant).default([]).describe('What each tenant may use, and how much.') },
  finish: ({ tenants }, files) => ({
    tenants: tenants.map(each => ({ ...each, secrets: withAbsoluteFile(each.secrets, files) })),
  }),
  problems(value) {
    const tenants = entries(value, ['tenants']);
    const bindings = entries(value, ['bindings']);
    const unknown = tenants.flatMap(({ path }) =>
      unknownNames(bindings, listed(value, [...path, 'bindings']), 'binding'),
    );
    return [...duplicates(tenants), ...unknown, ...tenants.flatMap(tenant => overrideProblems(value, tenant))];
  },
});

/** What a tenant can have of its own: the member that names an entry, and what * uses in its place. */
const overrides = [
  { list: 'plugins', member: 'id', known: (value: JsonObject) => entries(value, ['plugins']), what: 'plugin' },
  { list: 'secrets', member: 'name', known: secretNames, what: 'secret' },
] as const;

/** Reports overrides of what does not exist, those of every tenant, and of plugins that find out the tenant. */
function overrideProblems(value: JsonObject, { name, path }: Named): readonly Problem[] {
  const identifying = entryPaths(value, ['identity', 'schemes']).map(scheme =>
    memberAt(value, [...scheme, 'plugin', 'id']),
  );
  const checking = entries(value, ['identity', 'checks'], 'plugin').map(check => check.name);
  const early = new Set<unknown>([...identifying, ...checking]);
  const tooEarly = entries(value, [...path, 'plugins'])
    .filter(own => early.has(own.name))
    .map(own => ({
      path: own.path,
      message: `the plugin ${own.name} is called to authenticate callers, when their tenant is not known yet`,
      hint: 'state its configuration in `plugins` of the file',
    }));
  const others = overrides.flatMap(({ list, member, known, what }) => {
    const own = entries(value, [...path, list], member);
    if (name === '*' && own.length > 0) {
      const hint = `state it in \`${list}\` of the file, which is for every other tenant`;
      return [{ path: [...path, list], message: `a ${what} of * is not a tenant's own`, hint }];
    }
    return [...duplicates(own, member), ...unknownNames(known(value), own, what)];
  });
  return [...tooEarly, ...others];
}
