import type { Check } from '../check.ts';

/** Plugins that are granted nothing while they learn. */
export const learningPlugins: Check = {
  id: 'DR308',
  severity: 'warning',
  about: '`grants: learn` that was left on',
  why: 'The plugin is refused every capability; what it tries to use is only recorded.',
  fix: 'Run `sallyport grants PLUGIN`, and replace `learn` with the grants that it prints.',
  find: ({ config: { plugins } }) =>
    plugins
      .filter(({ grants, mode }) => grants === 'learn' && mode !== 'disabled')
      .map(({ id }) => ({
        what: `The plugin ${id} still learns (\`grants: learn\`).`,
        fix: `Run \`sallyport grants ${id}\`, and replace \`learn\` with the grants that it prints.`,
        at: `plugins.${id}.grants`,
      })),
};
