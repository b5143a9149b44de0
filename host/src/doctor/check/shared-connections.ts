import type { Check } from '../check.ts';

/** Upstreams with one connection for all clients. */
export const sharedConnections: Check = {
  id: 'DR404',
  severity: 'warning',
  about: '`connections: shared` of upstreams',
  why: 'What the server keeps for one client (a login, a browser, stored values), every other client can see and change.',
  fix: 'Remove the setting unless the server keeps nothing for its clients.',
  find: ({ config: { upstreams } }) =>
    upstreams
      .filter(({ connections }) => connections === 'shared')
      .map(({ id }) => ({ what: `All clients share one connection to ${id}.`, at: `upstreams.${id}.connections` })),
};
