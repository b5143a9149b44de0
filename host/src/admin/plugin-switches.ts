import type { JsonObject } from '../core/json.ts';
import type { ReloadAnswer } from './answer/change.ts';
import type { PluginSummary } from './answer/plugin.ts';

export interface SwitchRequest {
  /** Only find out what would change. */
  readonly dryRun: boolean;
  /** Who asked for it. */
  readonly subject: string | undefined;
}

/** What a switch did, or what it would do. */
export interface Switched {
  readonly answer: ReloadAnswer;
  readonly before: JsonObject;
  readonly after: JsonObject;
}

/** Changes how a plugin is called while the gateway runs. Running requests finish as they began. */
export interface PluginSwitches {
  /** Gives a plugin the mode of the configuration file, or `enforce` if that disables it. @throws Faults, and then nothing changes */
  enable(plugin: string, request: SwitchRequest): Promise<Switched>;
  /** @throws Faults, and then nothing changes */
  setMode(plugin: string, mode: PluginSummary['mode'], request: SwitchRequest): Promise<Switched>;
  /** Resolves the tag of a plugin again, and loads what it names now. @throws Faults, and then nothing changes */
  reload(plugin: string, request: Pick<SwitchRequest, 'subject'>): Promise<Switched>;
}
