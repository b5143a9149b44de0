import type { Check, Found } from '../check.ts';

/** Times that cannot all be kept. */
export const contradictingTimeouts: Check = {
  id: 'DR501',
  severity: 'warning',
  about: 'time-outs that contradict each other',
  why: 'The longer time is never reached, because the shorter one ends the work before.',
  fix: 'Lower the longer time, or raise the shorter one.',
  find({ config: { limits, plugins, upstreams } }) {
    const { request_timeout_ms: request, list_ms: list, drain_ms: drain } = limits;
    const ofPlugins = plugins
      .map(({ id, limits: { timeout_ms: own = limits.plugin.timeout_ms } }) => ({ id, own }))
      .filter(({ own }) => own > request)
      .map(({ id, own }) => ({
        what: `A hook call of ${id} may take ${own} ms, and a request ${request} ms (limits.request_timeout_ms).`,
        at: `plugins.${id}.limits.timeout_ms`,
      }));
    const ofCpu = plugins
      .map(({ id, limits: { cpu_ms: cpu = limits.plugin.cpu_ms, timeout_ms: own = limits.plugin.timeout_ms } }) => ({
        id,
        cpu,
        own,
      }))
      .filter(({ cpu, own }) => cpu > own)
      .map(
        ({ id, cpu, own }): Found => ({
          severity: 'note',
          what: `A hook call of ${id} may use ${cpu} ms of CPU, and take ${own} ms.`,
          at: `plugins.${id}.limits.cpu_ms`,
        }),
      );
    const ofLists: readonly Found[] =
      list > request
        ? [{ what: `A list waits ${list} ms for an upstream, and a request ${request} ms.`, at: 'limits.list_ms' }]
        : [];
    const longest = Math.max(request, ...upstreams.map(({ timeout_ms: own = request }) => own));
    const ofDrain: readonly Found[] =
      drain < 1_000
        ? [
            {
              what: `A shutdown waits ${drain} ms for requests, which may take ${longest} ms.`,
              at: 'limits.drain_ms',
              fix: 'Raise `limits.drain_ms`.',
            },
          ]
        : [];
    return [...ofPlugins, ...ofCpu, ...ofLists, ...ofDrain];
  },
};
