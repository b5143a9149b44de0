import type { PluginDescriptor } from '../contract/plugin-descriptor.ts';
import { Fault, Faults } from '../core/fault.ts';
import type { Capability } from './capability.ts';
import { providerOf } from './import-provider.ts';

declare const brand: unique symbol;

/**
 * What one plugin is allowed, decided: capability name → argument, or `denied` for an optional one without a grant,
 * and while `learning` for all that it asks for.
 */
export interface Grant {
  readonly [brand]: 'Grant';
  readonly granted: ReadonlyMap<string, unknown>;
  readonly denied: ReadonlySet<string>;
  /** Whether what is refused is recorded, so that the operator can read what the plugin would need. */
  readonly learning: boolean;
  /** Whether nothing that the plugin does may have an effect. */
  readonly isShadow: boolean;
  /** The denied capabilities that were granted, but cannot be used in shadow. */
  readonly refusedInShadow: ReadonlySet<string>;
}

/** Interfaces that hold types only: importing one gives nothing. */
const typesOnly = new Set(['sallyport:plugin/types@0.1.0']);

/**
 * Compares three lists: what the component really imports, what its descriptor declares, what the operator granted.
 * Who is to learn is granted nothing, and is not refused for that.
 * @throws Faults of `import_unknown`, `import_version`, `capability_unknown`, `capability_undeclared`,
 *   `capability_ungranted`, `capability_unused`, `grant_unasked`: all mismatches at once, each with what to add or remove
 */
export function decideGrant(
  imports: readonly string[],
  descriptor: PluginDescriptor,
  grants: Readonly<Record<string, unknown>> | 'learn',
  capabilities: readonly Capability[],
): Grant {
  const plugin = descriptor.id;
  const faults: Fault[] = [];
  const learning = grants === 'learn';
  const given = learning ? {} : grants;
  const required = new Set(descriptor.required_capabilities);
  const optional = new Set(descriptor.optional_capabilities.filter(name => !required.has(name)));
  const byName = new Map(capabilities.map(capability => [capability.name, capability]));

  const imported = new Set<Capability>();
  for (const name of imports) {
    if (typesOnly.has(name)) continue;
    const provider = providerOf(capabilities, name);
    if (provider === undefined) {
      faults.push(new Fault('import_unknown', { plugin, import: name }));
    } else if (!provider.matches) {
      faults.push(new Fault('import_version', { plugin, import: name, offered: provider.offered }));
    } else imported.add(provider.capability);
  }

  for (const name of [...required, ...optional]) {
    if (!byName.has(name)) {
      const known = capabilities.filter(capability => capability.always !== true).map(capability => capability.name);
      faults.push(new Fault('capability_unknown', { plugin, capability: name, known: known.join(', ') }));
    }
  }

  const granted = new Map<string, unknown>();
  const denied = new Set<string>();
  for (const capability of capabilities) {
    const { name } = capability;
    const asked = required.has(name) || optional.has(name);
    if (capability.always === true) {
      granted.set(name, capability.grant.parse({}));
      continue;
    }
    const grant = given[name];
    if (imported.has(capability) && !asked) {
      const hint = `the author must add "${name}" to required_capabilities in plugin.json; do not grant it otherwise`;
      faults.push(new Fault('capability_undeclared', { plugin, capability: name, hint }));
    } else if (learning && imported.has(capability)) {
      denied.add(name);
    } else if (required.has(name) && grant === undefined && !learning) {
      faults.push(ungranted(plugin, capability));
    } else if (required.has(name) && !imported.has(capability)) {
      faults.push(new Fault('capability_unused', { plugin, capability: name }));
    } else if (grant !== undefined && !asked) {
      const hint = `remove ${name} from the grants of ${plugin}`;
      faults.push(new Fault('grant_unasked', { plugin, capability: name, hint }));
    } else if (grant !== undefined) {
      granted.set(name, grant);
    } else if (imported.has(capability)) {
      if (capability.denied === undefined) {
        faults.push(ungranted(plugin, capability));
      } else denied.add(name);
    }
  }
  if (faults.length > 0) throw new Faults(faults);
  return { granted, denied, learning, isShadow: false, refusedInShadow: new Set() } as unknown as Grant;
}

const ungranted = (plugin: string, capability: Capability): Fault =>
  new Fault('capability_ungranted', {
    plugin,
    capability: capability.name,
    risk: capability.risk,
    hint: lineToAdd(plugin, capability),
  });

const lineToAdd = (plugin: string, capability: Capability): string =>
  `if you trust ${plugin} with it, add this line under its "grants:"\n${capability.example}`;
