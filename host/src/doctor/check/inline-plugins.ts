import type { Check } from '../check.ts';

/** Plugins that run on the gateway's own thread. */
export const inlinePlugins: Check = {
  id: 'DR307',
  severity: 'note',
  about: "plugins on the gateway's own thread",
  why: 'While such a plugin runs, the gateway serves no other request. Only its fuel limit ends a call.',
  fix: 'Use `isolation: inline` only for fast plugins whose author you trust, with a low `limits.fuel`.',
  find: ({ config: { plugins } }) =>
    plugins
      .filter(({ isolation, mode }) => isolation === 'inline' && mode !== 'disabled')
      .map(({ id }) => ({
        what: `The plugin ${id} runs inline, on the gateway's own thread.`,
        at: `plugins.${id}.isolation`,
      })),
};
