import type { Config } from '../../config/config.ts';
import type { Overlay, ReadOverlay, StoredOverlay } from '../../config/overlay.ts';
import { fail, toFault } from '../../core/fault.ts';
import { readOverlay, saveOverlay, storedOverlay } from '../overlay-file.ts';

/** Returns the overlay that replaces another one. The configuration in use was made from an earlier or the same one. */
export type EditOverlay = (overlay: Overlay, config: Config) => Overlay;

/**
 * One change of what differs from the operator's file: it is read and edited when the configuration is made, saved when
 * everything that it needs is open, and taken back if the gateway cannot use it after all.
 */
export class OverlayChange {
  readonly #edit: EditOverlay;
  #from: StoredOverlay | undefined;
  #to: StoredOverlay | undefined;
  #state: 'saving' | 'saved' | undefined;

  constructor(edit: EditOverlay) {
    this.#edit = edit;
  }

  /** Makes the changed configuration. @throws what the edit throws; Faults of the changed configuration */
  next(current: Config): Promise<Config> {
    const read: ReadOverlay = async file => {
      this.#from = await readOverlay(file);
      this.#to = storedOverlay(file, this.#edit(this.#from.overlay, current));
      return this.#to;
    };
    return current.withOverlay?.(read) ?? fail('internal', { hint: 'the configuration has no overlay' });
  }

  /** @throws Fault `overlay_not_saved`, `overlay_conflict` */
  readonly save = async (): Promise<void> => {
    if (this.#from === undefined || this.#to === undefined) return;
    this.#state = 'saving';
    await saveOverlay(this.#to, this.#from);
    this.#state = 'saved';
  };

  /**
   * Undoes `save`, also one that failed after it had replaced the file.
   * @throws Fault `overlay_not_restored` if the file may still have the change
   */
  async takeBack(): Promise<void> {
    const [from, to, state] = [this.#from, this.#to, this.#state];
    this.#state = undefined;
    if (state === undefined || from === undefined || to === undefined) return;
    try {
      const { version } = await readOverlay(to.file);
      if (version === to.version) await saveOverlay(from, to);
      else if (state === 'saved' && version !== from.version) fail('overlay_conflict');
    } catch (error) {
      const { code, details, hint } = toFault(error);
      fail('overlay_not_restored', { file: to.file, reason: details.reason ?? `${code}: ${hint}` }, error);
    }
  }
}
