import type { JsonObject } from '../core/json.ts';
import type { PrincipalEntry, SessionEntry } from './answer/caller.ts';
import type { ReloadAnswer } from './answer/change.ts';
import type { PluginDetails, PluginStats, PluginSummary } from './answer/plugin.ts';
import type { Status } from './answer/status.ts';
import type { BindingReport, UpstreamReport } from './answer/upstream.ts';
import type { PluginSwitches, SwitchRequest } from './plugin-switches.ts';
import type { Registrations } from './registrations.ts';

/** What the management API sees of the gateway. The host implements it. */
export interface ManagedHost {
  status(): Status;
  /**
   * Reads the configuration file again and uses it, or finds out what would change.
   * @throws Fault `reload_unavailable`; Faults, and then nothing changes
   */
  reload(request: SwitchRequest): Promise<ReloadAnswer>;
  /** Returns the configuration in use. What could be a secret is replaced. */
  config(): JsonObject;
  plugins(): readonly PluginSummary[];
  plugin(id: string): PluginDetails | undefined;
  pluginStats(): readonly PluginStats[];
  /** Counts from zero, and calls the plugin again if its breaker or its `on_error` held it back. */
  resetPlugin(id: string): PluginStats | undefined;
  readonly switches: PluginSwitches;
  upstreams(): readonly UpstreamReport[];
  bindings(): readonly BindingReport[];
  sessions(): readonly SessionEntry[];
  /** Ends a session. Returns whether there was one. */
  endSession(handle: string): Promise<boolean>;
  /** The latest callers, the most recent first. */
  principals(): readonly PrincipalEntry[];
  readonly registrations: Registrations;
}
