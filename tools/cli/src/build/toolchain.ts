import type { PluginDescriptor } from '@sallyport/host/contract';
import type { AuthoredKind } from './authored-kinds.ts';

/** A plugin to build. */
export interface Project {
  /** The plugin's folder. */
  readonly folder: string;
  readonly descriptor: PluginDescriptor;
  /** A folder with the WIT of the contract and of the plugin's own world (world.ts), deleted after the build. */
  readonly worldDir: string;
  /** The entry module, if the author named one. */
  readonly source?: string;
  /** Prints a line for the user. */
  say(line: string): void;
  readonly signal: AbortSignal;
}

/** Builds plugins written in one language. */
export interface Toolchain {
  readonly language: 'rust' | 'go' | 'ts' | 'js' | 'python';
  /** The extension, with its dot, of a file for `--source`; absent if a plugin is always a folder. */
  readonly extension?: string;
  /** Whether the plugin in `folder` is written in this language. */
  recognizes(folder: string): Promise<boolean>;
  /** Builds the component, without a descriptor. @throws Fault `toolchain_missing`, `plugin_build_failed` */
  build(project: Project): Promise<Uint8Array>;
  /** How to export a plugin of each kind: the hint when nothing is exported. */
  readonly exporting: Readonly<Record<AuthoredKind, string>>;
  /** Whether the same source gives the same bytes. */
  readonly reproducible: boolean;
}

/** Returns how to export a plugin of a kind in a language. */
export const exportingHint = ({ exporting }: Toolchain, kind: PluginDescriptor['kind']): string =>
  (exporting as Partial<Record<string, string>>)[kind] ??
  `the SDK supports the kinds ${Object.keys(exporting).join(', ')}; others export the interfaces of wit/ themselves`;
