import type { Check } from '../check.ts';

/** Files of the process itself: the log, the store, plugins and their lanes. */
const own = 200;

/** Whether the process may open as many files as its limits need. */
export const openFiles: Check = {
  id: 'DR102',
  severity: 'warning',
  about: 'the number of files that may be open, against `limits`',
  why: 'Each connection is an open file. Past the limit, clients and upstreams cannot be connected.',
  fix: 'Raise the limit of open files (LimitNOFILE= of systemd, `ulimit -n`), or lower `limits`.',
  find({ config: { limits, upstreams }, machine: { maxFiles } }) {
    const toUpstreams = upstreams
      .map(({ stdio, max_connections: most = stdio === undefined ? 256 : 16 }) =>
        stdio === undefined ? most : 3 * most,
      )
      .reduce((sum, each) => sum + each, 0);
    const needed = own + limits.concurrent_requests + limits.streams + toUpstreams;
    if (maxFiles === undefined || maxFiles >= needed) return [];
    return [{ what: `${maxFiles} files may be open, and the limits allow for ${needed}.`, at: 'limits' }];
  },
};
