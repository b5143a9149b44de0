import type { Config } from '../../config/config.ts';
import type { Overlay, ReadOverlay, StoredOverlay } from '../../config/overlay.ts';
import { fail } from '../../core/fault.ts';
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
  #isSaved = false;

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
    await saveOverlay(this.#to, this.#from);
    this.#isSaved = true;
  };

  /** Undoes `save`. @throws Fault `overlay_not_saved`, `overlay_conflict` */
  async takeBack(): Promise<void> {
    if (!this.#isSaved || this.#from === undefined || this.#to === undefined) return;
    this.#isSaved = false;
    await saveOverlay(this.#from, this.#to);
  }
}
