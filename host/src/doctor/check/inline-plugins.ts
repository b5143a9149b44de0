import type { Check } from '../check.ts';

/** Plugins on the thread of the gateway. */
export const inlinePlugins: Check = {
  id: 'DR307',
  severity: 'note',
  about: 'plugins on the thread of the gateway',
  why: 'While such a plugin works, the gateway serves no other request; only fuel ends its calls.',
  fix: 'Keep it for short plugins whose author you trust, with a low `limits.fuel`.',
  find: ({ config: { plugins } }) =>
    plugins
      .filter(({ isolation, mode }) => isolation === 'inline' && mode !== 'disabled')
      .map(({ id }) => ({ what: `The plugin ${id} runs inline.`, at: `plugins.${id}.isolation` })),
};
