import { type ConfigChange, configChanges, type LoadedPlugin } from '../../config/change/config-changes.ts';
import type { Config } from '../../config/config.ts';
import { Faults, toFault, toFaults } from '../../core/fault.ts';
import type { Log } from '../../core/log.ts';
import type { Registrant } from '../joining-server.ts';
import { type EditOverlay, OverlayChange } from './overlay-change.ts';

/** What a change did, or what it would do. */
export interface Changed {
  /** Counts the configurations that were in use since the start, which is 1. */
  readonly generation: number;
  readonly changes: readonly ConfigChange[];
}

export interface OverlayChangesContext {
  /** The configuration in use. */
  config(): Config;
  generation(): number;
  plugins(): readonly LoadedPlugin[];
  /** Uses another configuration. One change is made at a time. @throws Faults, and then nothing changes */
  reload(
    next: (current: Config) => Config | Promise<Config>,
    options: {
      readonly beforeSwap?: () => Promise<void>;
      readonly refresh?: readonly string[];
      readonly registrant: Registrant;
    },
  ): Promise<Changed>;
  /** Loads and verifies everything that a configuration names, and opens nothing that stays. @throws Faults */
  check(config: Config): Promise<readonly LoadedPlugin[]>;
  readonly log: Log;
}

/** Changes what differs from the operator's file, keeps that in its file, and uses it. */
export class OverlayChanges {
  readonly #context: OverlayChangesContext;

  constructor(context: OverlayChangesContext) {
    this.#context = context;
  }

  /** The configuration in use. */
  get config(): Config {
    return this.#context.config();
  }

  /**
   * Makes a change.
   * @param by who asked for it
   * @throws what the edit throws; Faults, and then nothing changes, unless `overlay_not_restored` is among them
   */
  async make(edit: EditOverlay, by: Registrant = { origin: 'admin' }): Promise<Changed> {
    const change = new OverlayChange(edit);
    try {
      const how = { beforeSwap: change.save, registrant: by };
      return this.#logged(by, await this.#context.reload(current => change.next(current), how));
    } catch (error) {
      await change.takeBack().catch(left => {
        const { code, details, hint } = toFault(left);
        this.#context.log.error({ code, ...details, hint }, 'a change that was not made is still in its file');
        throw new Faults([...toFaults(error), ...toFaults(left)]);
      });
      throw error;
    }
  }

  /** Loads a plugin again, and uses it. @param by who asked for it @throws Faults, and then nothing changes */
  async refresh(plugin: string, by: Registrant): Promise<Changed> {
    return this.#logged(by, await this.#context.reload(current => current, { refresh: [plugin], registrant: by }));
  }

  /** Returns what a change would do: everything is validated, loaded and verified, and nothing is replaced. @throws as `make` */
  async tryOut(edit: EditOverlay): Promise<Changed> {
    const { config, plugins, generation, check } = this.#context;
    const before = { config: config(), plugins: plugins() };
    const next = await new OverlayChange(edit).next(before.config);
    const changes = configChanges(before, { config: next, plugins: await check(next) });
    return { generation: generation(), changes };
  }

  #logged({ origin, principal: subject }: Registrant, changed: Changed): Changed {
    const { generation, changes } = changed;
    const about = { triggers: [origin], subject, generation, changes: changes.map(({ text }) => text) };
    this.#context.log.info(about, 'configuration reloaded');
    return changed;
  }
}
