import type { JsonObject } from '../../core/json.ts';
import type { ListMethod } from '../../mcp/methods.ts';

/**
 * Why a list is read: there is none yet, the server reported a change, or it is old and the server would not report a
 * change.
 */
export type RefreshReason = 'connected' | 'changed' | 'aged';

/** A list that is about to be read. */
export interface Refresh {
  readonly upstream: string;
  readonly method: ListMethod;
  readonly reason: RefreshReason;
  /** The number of entries in use; undefined if no list was accepted yet. */
  readonly entries: number | undefined;
}

/** Decides about the lists of upstreams before anyone uses them. */
export interface ListCheck {
  /** Names what decides. Another name means that known lists must be checked again. */
  readonly decider: string;
  /** Returns whether the list may be read now. @throws Fault `overloaded` */
  before(refresh: Refresh): Promise<boolean>;
  /**
   * Decides about a whole list, as the server sent it.
   * @returns what of it is used; undefined if the earlier list stays in use
   * @throws Fault `overloaded`
   */
  after(refresh: Refresh, items: readonly JsonObject[]): Promise<readonly JsonObject[] | undefined>;
}
