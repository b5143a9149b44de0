import type { Check } from '../check.ts';

/** Plugins that may run without a signature. */
export const unsignedPlugins: Check = {
  id: 'DR305',
  severity: 'warning',
  about: '`require_signed_plugins: false`',
  why: 'Anyone who can write to the registry or folder of a plugin decides what code runs.',
  fix: 'Remove `require_signed_plugins: false`, and sign plugins with `sallyport plugin sign`.',
  find: ({ config }) =>
    config.require_signed_plugins
      ? []
      : [{ what: 'Plugins may run without a signature.', at: 'require_signed_plugins' }],
};
