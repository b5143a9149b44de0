import { expect, it } from 'vitest';
import { createLog } from '../core/log.ts';
import { createUpstreamPool } from './mcp/create-upstream.ts';
import { reachUpstream } from './reach-upstream.ts';

it('[UP-90] logs once at level 40 why an upstream cannot be reached, and what to do', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: (line: string) => void lines.push(JSON.parse(line)) });
  await using upstream = createUpstreamPool({ id: 'up', http: { url: 'http://127.0.0.1:9/mcp' } }, { log });
  const ended = new AbortController();
  const reaching = reachUpstream(upstream, log, ended.signal);
  const warnings = () => lines.filter(({ msg }) => msg === 'the upstream could not be reached yet');
  await expect.poll(warnings).toHaveLength(1);
  ended.abort();
  await reaching;
  expect(warnings()).toMatchObject([
    {
      ...{ level: 40, upstream: 'up', code: 'upstream_unavailable', details: { upstream: 'up' } },
      hint: expect.stringContaining('nothing listens on 127.0.0.1:9'),
    },
  ]);
});
