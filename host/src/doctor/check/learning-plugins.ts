import type { Check } from '../check.ts';

/** Plugins that are granted nothing while they learn. */
export const learningPlugins: Check = {
  id: 'DR308',
  severity: 'warning',
  about: '`grants: learn` that was left on',
  why: 'The plugin is refused every capability, and what it tries is recorded.',
  fix: 'Run `sallyport grants PLUGIN`, and write the grants that it needs.',
  find: ({ config: { plugins } }) =>
    plugins
      .filter(({ grants, mode }) => grants === 'learn' && mode !== 'disabled')
      .map(({ id }) => ({
        what: `The plugin ${id} learns what it needs, and may do nothing.`,
        at: `plugins.${id}.grants`,
      })),
};
