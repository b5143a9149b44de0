import type { PluginDescriptor } from '@sallyport/host/contract/plugin-descriptor';

/** A plugin that is to be built. */
export interface Project {
  /** The plugin's folder. */
  readonly folder: string;
  readonly descriptor: PluginDescriptor;
  /** WIT of the contract and of the plugin's own world (world.ts). Gone after the build. */
  readonly worldDir: string;
  /** The module to begin with, where the author named one. */
  readonly source?: string;
  /** Says a line to people. */
  say(line: string): void;
  readonly signal: AbortSignal;
}

/** What makes components of plugins in one language. */
export interface Toolchain {
  readonly language: 'rust' | 'go' | 'ts' | 'js' | 'python';
  /** Of the file that `--source` may name, with its dot; absent where a plugin is a folder and never one file. */
  readonly extension?: string;
  /** Whether the plugin in `folder` is written in it. */
  recognizes(folder: string): Promise<boolean>;
  /** The component, without descriptor. @throws Fault `toolchain_missing`, `plugin_build_failed` */
  build(project: Project): Promise<Uint8Array>;
  /** How the author exports a plugin, as a hint where nothing is exported. */
  readonly exporting: string;
  /** Whether the same source gives the same bytes. */
  readonly reproducible: boolean;
}
