import type { CodeFamily } from './code.ts';

/** Compiling components and running their instances in the sandbox. */
export const runtimeCodes = {
  name_forbidden: {
    exit: 4,
    says: 'A core module of the component has an import or export name that could break out of generated code.',
    todo: 'Do not use this plugin: no common toolchain produces such names.',
  },
  compile_failed: {
    exit: 4,
    says: 'The component cannot be compiled for the sandbox.',
    todo: 'Build it again with a current toolchain. `wasm-tools validate` shows details.',
  },
  compile_timeout: {
    exit: 4,
    says: 'Compiling the component for the sandbox took too long.',
    todo: 'Do not use this plugin, or use a smaller build: most components compile in about a second.',
  },
  glue_refused: {
    exit: 4,
    says: 'The JavaScript generated for the component contains code that is not allowed.',
    todo: 'Do not use this plugin. If you trust its author, report the toolchain that built it.',
  },
  glue_unknown: {
    exit: 4,
    says: 'The compiler generated code that this gateway does not know how to restrict.',
    todo: 'Use the pinned version of jco-transpile.',
  },
  plugin_refused_config: {
    exit: 4,
    says: 'The plugin rejected its configuration.',
    todo: "Change the plugin's `config` in the configuration.",
  },
  plugin_start_failed: {
    exit: 4,
    says: 'An instance of the plugin failed to start.',
    todo: 'See the reason. The plugin fails before its first call, so its author must fix it.',
  },
  plugin_start_timeout: {
    exit: 4,
    says: 'The plugin did not finish `configure` in time.',
    todo: 'Ask its author for a fix: it loops, or does too much work before its first call.',
  },
  lanes_closed: {
    http: 503,
    says: 'The gateway shut down before this call finished.',
    todo: 'Send the request again.',
  },
  table_over_limit: {
    exit: 4,
    says: "The component's initial table is larger than any plugin may have.",
    todo: 'Do not use this plugin: no common toolchain produces such tables.',
  },
  feature_forbidden: {
    exit: 4,
    says: 'The component uses a WebAssembly feature that the sandbox cannot limit.',
    todo: 'Ask the author for a build without it. Common toolchains use it only on request.',
  },
  memory_over_limit: {
    exit: 4,
    says: "The component's initial memory exceeds its limit.",
    todo: 'Raise limits.memory_mib of the plugin, or use a smaller build.',
  },
} as const satisfies CodeFamily;
