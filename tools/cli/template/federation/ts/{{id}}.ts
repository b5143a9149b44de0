import { block, federation, keepEntries } from '@sallyport/plugin';

interface Config {
  readonly origins: readonly string[];
  readonly hidden: string;
}

export const { lifecycle, federationCheck } = federation<Config>({
  defaults: { origins: ['http://localhost'], hidden: 'debug_' },

  configure({ origins }) {
    if (origins.length === 0) throw new Error('origins must not be empty');
  },

  preRegister({ urls }, _context, { origins }) {
    const unknown = urls.find(url => !origins.some(origin => url.startsWith(`${origin}/`)));
    return unknown === undefined ? undefined : block('UNKNOWN_ORIGIN', `Upstreams at ${unknown} may not join.`);
  },

  postSync(list, _context, { hidden }) {
    return list.tag === 'tools' ? keepEntries(list, ({ name }) => !name.startsWith(hidden)) : undefined;
  },
});
