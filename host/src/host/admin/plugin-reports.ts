import type { PluginDetails, PluginSummary } from '../../admin/answer/plugin.ts';
import type { Config } from '../../config/config.ts';
import type { Signer } from '../../contract/artifact.ts';
import type { Plugin } from '../../plugin/plugin.ts';
import type { PluginReport } from '../plugin-generation.ts';

/** A plugin, and what is known of it now. */
export interface ReportedPlugin {
  readonly plugin: Plugin;
  readonly report: PluginReport;
  readonly config: Config;
}

/** Describes a plugin in a list. */
export function summaryOf({ plugin, report, config }: ReportedPlugin): PluginSummary {
  const { id, version, kind, digest, signer } = plugin;
  const bindings = config.bindings.filter(each => [...each.transforms, ...each.policies].includes(id));
  const { mode, priority, state, since, cause, shadow_dropped: dropped } = report;
  return {
    ...{ id, version, kind, mode, priority, digest },
    bindings: bindings.map(binding => binding.id),
    signer: signerOf(signer),
    health: {
      state,
      ...(since !== undefined && { since }),
      ...(cause !== undefined && { cause }),
      ...(dropped !== undefined && { shadow_dropped: dropped }),
    },
  };
}

/** Describes everything about a plugin but what it did. */
export function detailsOf(reported: ReportedPlugin): Omit<PluginDetails, 'stats' | 'recent'> {
  const { plugin, config } = reported;
  const { origin, digest, signer, hooks, asked, imports, granted, author, tags, prepared, id } = plugin;
  const { grant, limits, isolation = 'pooled' } = prepared;
  const overrides = config.plugins.find(each => each.id === id)?.overrides ?? [];
  return {
    ...summaryOf(reported),
    ...(author !== undefined && { author }),
    tags: [...tags],
    isolation,
    provenance: {
      reference: origin.reference,
      ...(origin.manifest !== undefined && { manifest: origin.manifest }),
      digest,
      signer: signerOf(signer),
      verified: verifiedBy(signer),
    },
    asked: { hooks: [...hooks], capabilities: [...asked], imports: [...imports] },
    granted: [...granted],
    refused: [...new Set([...grant.denied, ...grant.refusedInShadow])],
    limits: Object.fromEntries(Object.entries(limits).map(([name, value]) => [underscored(name), value])),
    tenants: overrides.map(({ tenant, config: members }) => ({ tenant, members: Object.keys(members) })),
  };
}

const signerOf = (signer: Signer): PluginSummary['signer'] => ({
  by: signer.by,
  ...(signer.by === 'trust' && { id: signer.id }),
  ...(signer.by !== 'nobody' && { key: signer.keyId }),
});

function verifiedBy(signer: Signer): string {
  if (signer.by === 'nobody') return 'not signed, which `require_signed_plugins: false` allows';
  const key =
    signer.by === 'trust' ? `the key ${signer.id} of the trust store` : 'the key that is pinned in its source';
  return `signed over exactly its bytes by ${key}`;
}

const underscored = (name: string) => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
