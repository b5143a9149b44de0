import type { Check, Found } from '../check.ts';

/** Limits that refuse requests long before others are reached. */
export const starvingLimits: Check = {
  id: 'DR503',
  severity: 'warning',
  about: 'limits that are reached long before others',
  why: 'Requests are refused with 503 while most of the gateway is idle.',
  fix: 'Raise this limit, or lower the other one.',
  find({ config: { limits, plugins, upstreams } }) {
    const found: Found[] = [];
    const { backlog, lanes, concurrent_requests: requests, sessions, streams } = limits;
    if (plugins.length > 0 && backlog < lanes) {
      found.push({ what: `Only ${backlog} hook calls may wait for ${lanes} lanes.`, at: 'limits.backlog' });
    }
    if (streams > sessions * 4) {
      const what = `${streams} streams may be open, but ${sessions} sessions have at most four each.`;
      const why = 'The limit on streams is never reached.';
      found.push({ severity: 'note', what, why, at: 'limits.streams', fix: 'Lower it, or raise `limits.sessions`.' });
    }
    for (const {
      id,
      stdio,
      openapi,
      max_connections: most = stdio === undefined ? 256 : 16,
      connections,
    } of upstreams) {
      if (openapi !== undefined || connections === 'shared' || most >= Math.min(requests, 16)) continue;
      found.push({
        what: `Only ${most} clients may be connected to ${id} at the same time, but the gateway serves ${requests} requests.`,
        at: `upstreams.${id}.max_connections`,
      });
    }
    return found;
  },
};
