import type { Check } from '../check.ts';

const many = 60;

/** Bindings with more tools than models can choose from well. */
export const manyTools: Check = {
  id: 'DR403',
  severity: 'warning',
  about: `bindings with more than ${many} tools`,
  why: 'Clients send the whole list to the model with each request, and models choose worse from long lists.',
  fix: 'Set `tool_search: true` on the binding, or split it into several bindings.',
  isOnline: true,
  async find(patient) {
    const tools = new Map((await patient.surveyed()).map(({ upstream, tools: names }) => [upstream.id, names.length]));
    return patient.config.bindings
      .filter(({ tool_search: search }) => search === undefined)
      .map(({ id, upstreams }) => ({ id, count: upstreams.reduce((sum, each) => sum + (tools.get(each) ?? 0), 0) }))
      .filter(({ count }) => count > many)
      .map(({ id, count }) => ({ what: `The binding ${id} has ${count} tools.`, at: `bindings.${id}` }));
  },
};
