import { z } from 'zod';
import type { JsonObject } from '../core/json.ts';
import { accountsSection } from './section/accounts.ts';
import { addressSection } from './section/address.ts';
import { adminSection } from './section/admin.ts';
import { auditSection } from './section/audit.ts';
import { type bindingSchema, bindingsSection, openEndedBindings } from './section/bindings.ts';
import { cacheSection } from './section/cache.ts';
import { federationSection } from './section/federation.ts';
import { identitySection } from './section/identity.ts';
import { limitsSection } from './section/limits.ts';
import { logSection } from './section/log.ts';
import { metricsSection } from './section/metrics.ts';
import { pluginSettingsSection, withPluginTimeout } from './section/plugin-settings.ts';
import { type GrantsSchema, pluginsChecks, pluginsSection } from './section/plugins.ts';
import { receiptsSection } from './section/receipts.ts';
import { registriesSection } from './section/registries.ts';
import { finishedRoutes, routesSection } from './section/routes.ts';
import { secretsSection } from './section/secrets.ts';
import type { Files, SectionChecks } from './section/section.ts';
import { stateSection } from './section/state.ts';
import { telemetrySection } from './section/telemetry.ts';
import { tenantsSection } from './section/tenants.ts';
import { tlsSection } from './section/tls.ts';
import { trustSection } from './section/trust.ts';
import { openEndedUpstreams, type upstreamSchema, upstreamsSection } from './section/upstreams.ts';

/**
 * Creates the schema of sallyport.yaml from its sections. Unknown keys are refused.
 * @param isOpenEnded whether a program adds upstreams later, so that there may be none at first
 */
export const createConfigSchema = (grants: GrantsSchema, isOpenEnded = false) =>
  z
    .strictObject({
      ...logSection.shape,
      ...addressSection.shape,
      ...tlsSection.shape,
      ...tenantsSection.shape,
      ...routesSection.shape,
      ...identitySection.shape,
      ...accountsSection.shape,
      ...trustSection.shape,
      ...cacheSection.shape,
      ...secretsSection.shape,
      ...stateSection.shape,
      ...metricsSection.shape,
      ...adminSection.shape,
      ...telemetrySection.shape,
      ...auditSection.shape,
      ...receiptsSection.shape,
      ...registriesSection.shape,
      ...limitsSection.shape,
      ...pluginsSection(grants).shape,
      ...federationSection.shape,
      ...(isOpenEnded ? openEndedUpstreams : upstreamsSection.shape),
      ...(isOpenEnded ? openEndedBindings : bindingsSection.shape),
    })
    .meta({ title: 'sallyport.yaml', description: 'Configuration of the Sallyport gateway' });

type StatedConfig = z.input<ReturnType<typeof createConfigSchema>>;

/** One of `upstreams`, as a program writes it. */
export type UpstreamObject = Omit<z.input<typeof upstreamSchema>, 'openapi'> & {
  /** The settings, or an OpenAPI document and nothing else. */
  readonly openapi?: z.input<typeof upstreamSchema>['openapi'] | OpenapiDocument;
};

/** An OpenAPI document. */
interface OpenapiDocument {
  readonly openapi: string;
  readonly paths?: object | undefined;
  readonly [member: string]: unknown;
}

/** A configuration as a program writes it: the members of sallyport.yaml. */
export type ConfigObject = Omit<StatedConfig, 'upstreams' | 'bindings'> & {
  /** May be empty: the program can register more. */
  readonly upstreams?: readonly UpstreamObject[];
  /** Without it there is one binding, `main`, with all upstreams. */
  readonly bindings?: readonly BindingObject[];
};

/** One of `bindings`, as a program writes it. */
type BindingObject = Omit<z.input<typeof bindingSchema>, 'upstreams'> & { readonly upstreams?: readonly string[] };

/** The parsed file, with defaults. */
export type ParsedConfig = z.output<ReturnType<typeof createConfigSchema>>;

/** Every value, ready for use; sections without a `finish` stay as parsed. */
export const finishSections = (parsed: ParsedConfig, grants: GrantsSchema, files: Files) => ({
  ...parsed,
  ...tlsSection.finish(parsed, files),
  ...identitySection.finish(parsed, files),
  ...accountsSection.finish(parsed, files),
  ...trustSection.finish(parsed, files),
  ...cacheSection.finish(parsed, files),
  ...tenantsSection.finish(parsed, files),
  ...secretsSection.finish(parsed, files),
  ...stateSection.finish(parsed, files),
  ...adminSection.finish(parsed, files),
  ...auditSection.finish(parsed, files),
  ...receiptsSection.finish(parsed, files),
  limits: withPluginTimeout(parsed.limits, parsed.plugin_settings),
  ...pluginsSection(grants).finish(parsed, files),
  ...upstreamsSection.finish(parsed, files),
  ...bindingsSection.finish(parsed, files),
  routes: finishedRoutes({ ...parsed, ...bindingsSection.finish(parsed, files) }),
});

/** Sections with checks beside their schema. */
const checks: readonly SectionChecks[] = [
  addressSection,
  tlsSection,
  tenantsSection,
  routesSection,
  identitySection,
  accountsSection,
  trustSection,
  secretsSection,
  adminSection,
  telemetrySection,
  auditSection,
  receiptsSection,
  registriesSection,
  pluginSettingsSection,
  pluginsChecks,
  federationSection,
  upstreamsSection,
  bindingsSection,
];

/** Collects the results of one check from all sections. */
export const inSections = <Found>(
  value: JsonObject,
  check: (section: SectionChecks, value: JsonObject) => readonly Found[] | undefined,
): readonly Found[] => checks.flatMap(section => check(section, value) ?? []);
