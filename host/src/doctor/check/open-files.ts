import type { Check } from '../check.ts';

/** Files of the process itself: the log, the store, plugins and their lanes. */
const own = 200;

/** Whether the process may open as many files as its settings allow connections. */
export const openFiles: Check = {
  id: 'DR102',
  severity: 'warning',
  about: 'the limit on open files, against `limits`',
  why: 'Each connection is an open file. Beyond the limit, connections from clients and to upstreams fail.',
  fix: 'Raise the limit of open files (LimitNOFILE= of systemd, `ulimit -n`), or lower `limits`.',
  find({ config: { limits, upstreams }, machine: { maxFiles } }) {
    const toUpstreams = upstreams
      .map(({ stdio, max_connections: most = stdio === undefined ? 256 : 16 }) =>
        stdio === undefined ? most : 3 * most,
      )
      .reduce((sum, each) => sum + each, 0);
    const needed = own + limits.concurrent_requests + limits.streams + toUpstreams;
    if (maxFiles === undefined || maxFiles >= needed) return [];
    return [
      {
        what: `The process may have ${maxFiles} files open, but \`limits\` and \`max_connections\` allow connections that need ${needed}.`,
        at: 'limits',
        fix: `Raise the limit (\`LimitNOFILE=${needed}\` for systemd, \`ulimit -n ${needed}\` in a shell), or lower \`limits\`.`,
      },
    ];
  },
};
