import type { Check, Found } from '../check.ts';

/** Limits that refuse requests before others are reached. */
export const starvingLimits: Check = {
  id: 'DR503',
  severity: 'warning',
  about: 'limits that are reached long before others',
  why: 'Requests are refused with 503 while most of the gateway is idle.',
  fix: 'Raise the limit, or lower the other one.',
  find({ config: { limits, plugins, upstreams } }) {
    const found: Found[] = [];
    const { backlog, lanes, concurrent_requests: requests, sessions, streams } = limits;
    if (plugins.length > 0 && backlog < lanes) {
      found.push({ what: `${backlog} hook calls may wait for ${lanes} lanes.`, at: 'limits.backlog' });
    }
    if (streams > sessions * 4) {
      const what = `${streams} streams may be open, and ${sessions} sessions have four each at most.`;
      found.push({ severity: 'note', what, at: 'limits.streams' });
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
        what: `${most} clients may be connected to ${id} at the same time, and the gateway serves ${requests} requests.`,
        at: `upstreams.${id}.max_connections`,
      });
    }
    return found;
  },
};
