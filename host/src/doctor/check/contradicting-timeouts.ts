import type { Check, Found } from '../check.ts';

/** Time limits that another one makes useless. */
export const contradictingTimeouts: Check = {
  id: 'DR501',
  severity: 'warning',
  about: 'timeouts that contradict each other',
  why: 'The longer timeout has no effect, because the shorter one always ends the work first.',
  fix: 'Lower the longer timeout, or raise the shorter one.',
  find({ config: { limits, plugins, upstreams } }) {
    const { request_timeout_ms: request, list_ms: list, drain_ms: drain } = limits;
    const ofPlugins = plugins
      .map(({ id, limits: { timeout_ms: own = limits.plugin.timeout_ms } }) => ({ id, own }))
      .filter(({ own }) => own > request)
      .map(({ id, own }) => ({
        what: `A hook call of ${id} may take ${own} ms, but a whole request only ${request} ms (limits.request_timeout_ms).`,
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
          what: `A hook call of ${id} may use ${cpu} ms of CPU time, but take only ${own} ms (limits.timeout_ms).`,
          at: `plugins.${id}.limits.cpu_ms`,
        }),
      );
    const ofLists: readonly Found[] =
      list > request
        ? [
            {
              what: `A list may wait ${list} ms for an upstream, but a request only ${request} ms (limits.request_timeout_ms).`,
              at: 'limits.list_ms',
            },
          ]
        : [];
    const longest = Math.max(request, ...upstreams.map(({ timeout_ms: own = request }) => own));
    const ofDrain: readonly Found[] =
      drain < 1_000
        ? [
            {
              what: `A shutdown waits only ${drain} ms for running requests, which may take ${longest} ms.`,
              at: 'limits.drain_ms',
              why: 'Each restart cancels the requests that are running.',
              fix: 'Raise `limits.drain_ms`.',
            },
          ]
        : [];
    return [...ofPlugins, ...ofCpu, ...ofLists, ...ofDrain];
  },
};
