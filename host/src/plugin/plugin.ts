import type { Origin, Signer } from '../contract/artifact.ts';
import type { HookName } from '../contract/hook-name.ts';
import type { PluginKind } from '../contract/kinds.ts';
import type { Digest } from '../core/digest.ts';
import type { WasmPlugin } from '../runtime/wasm/wasm-plugin.ts';

/** A plugin that was fetched, verified, granted and compiled, and has no lane yet. */
export interface Plugin {
  readonly id: string;
  readonly version: string;
  readonly kind: PluginKind;
  /** The hooks that it is called for. */
  readonly hooks: ReadonlySet<HookName>;
  readonly tags: readonly string[];
  /** The paths that its descriptor declares to change; it may change others. */
  readonly writes: readonly string[];
  readonly author: string | undefined;
  readonly digest: Digest;
  readonly origin: Origin;
  readonly signer: Signer;
  /** The interfaces that the component imports, with versions. */
  readonly imports: readonly string[];
  /** The names of the capabilities that its descriptor declares. */
  readonly asked: readonly string[];
  /** The names of the capabilities that it may use, without those that every plugin has. */
  readonly granted: readonly string[];
  /** Whether its descriptor asks to see images and other blobs. */
  readonly seesBlobs: boolean;
  readonly prepared: WasmPlugin;
}
