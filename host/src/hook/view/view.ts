import type { Request, Response } from '../../contract/generated/types.js';
import type { JsonObject } from '../../core/json.ts';

/**
 * How one kind of MCP value is shown to plugins, and how what they return becomes MCP again.
 * A value that no plugin changed is never taken through `merge`.
 */
export interface View<V extends Request | Response> {
  /** Whether the value holds bytes that a plugin sees only when its descriptor asks for them. */
  hasBlobs(value: JsonObject): boolean;
  /** @throws NotShowable */
  show(value: JsonObject, blobs: boolean): V;
  /**
   * `value` with the changes between `shown` and `returned`. Whatever the plugin did not see survives: members that
   * the contract does not know, annotations, `_meta`, hidden blocks.
   * @throws InvalidOutput
   */
  merge(value: JsonObject, shown: V, returned: Request | Response): JsonObject;
}

/** A value that cannot be shown to a plugin, through the fault of whoever sent it. It is blocked, never let through. */
export class NotShowable extends Error {
  override readonly name = 'NotShowable';
}

/** For values that never hold bytes. */
export const noBlobs = (): boolean => false;
