import type { SessionEntry } from '../../admin/answer/caller.ts';
import type { BindingReport } from '../../admin/answer/upstream.ts';
import type { ManagedHost } from '../../admin/managed-host.ts';
import type { SwitchRequest } from '../../admin/plugin-switches.ts';
import { shownConfig } from '../../config/change/shown-config.ts';
import type { Config } from '../../config/config.ts';
import { fail } from '../../core/fault.ts';
import type { Metrics } from '../../core/metrics.ts';
import { version } from '../../core/version.ts';
import type { WatchRequests } from '../../http/open-request.ts';
import type { Principal } from '../../identity/principal.ts';
import type { Revision, SessionReport } from '../../mcp/revision/revision.ts';
import type { UpstreamPool } from '../../upstream/upstream.ts';
import type { PluginGeneration } from '../plugin-generation.ts';
import type { Changed, OverlayChanges } from '../registration/overlay-changes.ts';
import { createRegistrations } from '../registration/registrations.ts';
import { PluginCounts } from './plugin-counts.ts';
import { detailsOf, type ReportedPlugin, summaryOf } from './plugin-reports.ts';
import { answerOf, createPluginSwitches } from './plugin-switches.ts';
import { RecentCallers } from './recent-callers.ts';
import { RecentHookCalls } from './recent-hook-calls.ts';
import { upstreamReport } from './upstream-reports.ts';

/** The parts of a host that the management API shows, as they are now. */
export interface ManagedParts {
  config(): Config;
  /** Counts the configurations that were in use. */
  generation(): number;
  plugins(): Pick<PluginGeneration, 'plugins' | 'reports' | 'usage' | 'resetHealth'>;
  upstream(id: string): UpstreamPool | undefined;
  /** Changes what differs from the configuration file. */
  readonly overlay: OverlayChanges;
  /** Reads the configuration file again; undefined if the gateway was started without a file. */
  reload(request: SwitchRequest): Promise<Changed> | undefined;
  /** The callers of the requests that run. */
  callers(): readonly Principal[];
  isDraining(): boolean;
  readonly revisions: readonly Revision[];
  readonly metrics: Metrics;
}

/** What the management API sees of a gateway. */
export interface OpenManagedHost extends ManagedHost {
  /** Gets each request to a binding when it has ended. */
  readonly watch: WatchRequests;
  /** Forgets the calls and resets of plugins that are not among these. */
  readonly keepPlugins: (plugins: ReadonlySet<string>) => void;
}

/** Creates what the management API sees of a gateway. */
export function createManagedHost(parts: ManagedParts): OpenManagedHost {
  const { metrics, revisions } = parts;
  const started = new Date().toISOString();
  const counts = new PluginCounts({ metrics, usage: () => parts.plugins().usage(), started });
  const calls = new RecentHookCalls();
  const callers = new RecentCallers();
  const reported = (): readonly ReportedPlugin[] => {
    const loaded = parts.plugins();
    const config = parts.config();
    const byId = new Map(loaded.plugins.map(plugin => [plugin.id, plugin]));
    return loaded.reports().flatMap(report => {
      const plugin = byId.get(report.id);
      return plugin === undefined ? [] : [{ plugin, report, config }];
    });
  };
  const find = (id: string) => reported().find(({ plugin }) => plugin.id === id);
  const sessions = () => revisions.flatMap(revision => revision.sessions?.() ?? []);
  return {
    watch(line, caller) {
      if (line.binding === undefined) return;
      if (caller !== undefined) callers.add(caller);
      calls.add(line);
    },
    keepPlugins(plugins) {
      calls.keepOnly(plugins);
      counts.keepOnly(plugins);
    },
    status: () => ({
      ...{ version, started, generation: parts.generation(), draining: parts.isDraining() },
      running_requests: parts.callers().length,
    }),
    config: () => shownConfig(parts.config()),
    async reload(request) {
      const changed = await (parts.reload(request) ?? fail('reload_unavailable'));
      return answerOf(changed, request.dryRun);
    },
    switches: createPluginSwitches({ ...parts, plugins: () => parts.plugins().plugins }),
    plugins: () => reported().map(summaryOf),
    plugin(id) {
      const found = find(id);
      return found && { ...detailsOf(found), stats: counts.of(id), recent: calls.of(id) };
    },
    pluginStats: () => reported().map(({ plugin }) => counts.of(plugin.id)),
    resetPlugin(id) {
      if (find(id) === undefined) return undefined;
      counts.reset(id);
      parts.plugins().resetHealth(id);
      return counts.of(id);
    },
    upstreams() {
      const { upstreams, bindings } = parts.config();
      return upstreams.map(entry => upstreamReport({ entry, pool: parts.upstream(entry.id), bindings, metrics }));
    },
    bindings() {
      const held = Map.groupBy(sessions(), ({ binding }) => binding);
      return parts.config().bindings.map(binding => bindingReport(binding, held.get(binding.id)?.length ?? 0));
    },
    sessions: () => sessions().map(sessionEntry),
    async endSession(handle) {
      for (const revision of revisions) if ((await revision.endSession?.(handle)) === true) return true;
      return false;
    },
    principals: () => callers.list(parts.callers()),
    registrations: createRegistrations(parts.overlay),
  };
}

function bindingReport(binding: Config['bindings'][number], sessions: number): BindingReport {
  const { id, upstreams, transforms, policies, allow, required_scopes, tool_search, unhooked } = binding;
  return {
    ...{ id, default: binding.default, upstreams, transforms, policies, required_scopes, unhooked, sessions },
    ...(allow !== undefined && { rules: allow.length }),
    tool_search: tool_search !== undefined,
  };
}

function sessionEntry({ principal, lastUsed, ...session }: SessionReport): SessionEntry {
  const { handle, binding, revision, address, running, streams } = session;
  return {
    ...{ handle, binding, ...callerIn(principal), revision, address },
    ...{ last_used: new Date(lastUsed).toISOString(), running, streams },
  };
}

/** Reads a caller from the text of `principalKey`. */
function callerIn(key: string): Pick<SessionEntry, 'scheme' | 'tenant' | 'subject'> {
  if (key === '') return { scheme: 'anonymous' };
  const [scheme, tenant, subject] = JSON.parse(key) as [string, string | null, string];
  return { scheme, ...(tenant !== null && { tenant }), subject };
}
