import type { ChainedValue, ChangedValue } from '../../contract/hook-call.ts';
import type { JsonObject } from '../../core/json.ts';

/**
 * Converts one kind of MCP value for plugins, and their output back to MCP.
 * A value that no plugin changed never goes through `merge`.
 */
export interface View<V extends ChainedValue> {
  /** Whether the value contains bytes, which a plugin sees only if its descriptor asks for them. */
  hasBlobs(value: JsonObject): boolean;
  /** @throws NotShowable */
  show(value: JsonObject, blobs: boolean): V;
  /**
   * Applies the changes between `shown` and `returned` to `value`. What the plugin did not see is kept: members unknown
   * to the contract, annotations, `_meta`, hidden blocks.
   * @throws InvalidOutput
   */
  merge(value: JsonObject, shown: V, returned: ChangedValue): JsonObject;
}

/**
 * Thrown for a value that cannot be represented for plugins, through its sender's fault. It is blocked, never let
 * through.
 */
export class NotShowable extends Error {
  override readonly name = 'NotShowable';
}

/** The `hasBytes` of values without bytes. */
export const noBlobs = (): boolean => false;
