import type { Check } from '../check.ts';

/** Upstreams whose one connection all clients share. */
export const sharedConnections: Check = {
  id: 'DR404',
  severity: 'warning',
  about: '`connections: shared` of upstreams',
  why: 'All clients can see and change what the server keeps for one client: a login, a browser, stored values.',
  fix: 'Remove it unless the server keeps nothing for its clients.',
  find: ({ config: { upstreams } }) =>
    upstreams
      .filter(({ connections }) => connections === 'shared')
      .map(({ id }) => ({ what: `All clients share one connection with ${id}.`, at: `upstreams.${id}.connections` })),
};
