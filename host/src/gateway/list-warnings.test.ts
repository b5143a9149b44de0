import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Fault } from '../core/fault.ts';
import { createLog } from '../core/log.ts';
import { Metrics } from '../core/metrics.ts';
import { createListWarnings } from './list-warnings.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const lines: Record<string, unknown>[] = [];
  const metrics = new Metrics();
  const log = createLog('info', { write: text => void lines.push(JSON.parse(text)) });
  return { lines, metrics, notices: createListWarnings('main', log, metrics) };
}
const late = new Fault('upstream_timeout', { upstream: 'up', after_ms: 5 });
const down = new Fault('upstream_unavailable', { upstream: 'up' });

it('tells what is left out at once, then once a minute with a count, and counts each time [GW-28]', () => {
  const { lines, metrics, notices } = open();
  for (let seconds = 0; seconds < 70; seconds += 10) {
    notices.leftOut('up', 'tools/list', late, false);
    vi.advanceTimersByTime(10_000);
  }
  expect(lines).toMatchObject([
    { level: 40, upstream: 'up', method: 'tools/list', code: 'upstream_timeout', after_ms: 5 },
    { level: 40, more_since_last: 5 },
  ]);
  expect(metrics.text()).toContain('code="upstream_timeout"} 7');
});

it('tells another reason, another list and another upstream by themselves', () => {
  const { lines, notices } = open();
  notices.leftOut('up', 'tools/list', late, false);
  notices.leftOut('up', 'tools/list', down, true);
  notices.leftOut('up', 'prompts/list', down, false);
  notices.leftOut('other', 'prompts/list', down, false);
  expect(lines.map(({ upstream, method, code }) => [upstream, method, code])).toEqual([
    ['up', 'tools/list', 'upstream_timeout'],
    ['up', 'tools/list', 'upstream_unavailable'],
    ['up', 'prompts/list', 'upstream_unavailable'],
    ['other', 'prompts/list', 'upstream_unavailable'],
  ]);
  expect(lines[1]?.msg).toContain('last known');
});

it('knows what is missing now and since when, and does not tell again what comes and goes', () => {
  const { lines, notices } = open();
  const since = Date.now();
  notices.leftOut('up', 'tools/list', late, false);
  vi.advanceTimersByTime(1_000);
  notices.leftOut('up', 'tools/list', down, false);
  expect(notices.missing()).toEqual([{ upstream: 'up', method: 'tools/list', code: 'upstream_unavailable', since }]);
  notices.isBack('up', 'tools/list');
  expect(notices.missing()).toEqual([]);
  notices.leftOut('up', 'tools/list', down, false);
  expect(lines).toHaveLength(2);
  expect(notices.missing()[0]?.since).toBe(since + 1_000);
});

it('tells a uri or a name once, and shows ten of many [GW-31]', () => {
  const { lines, notices } = open();
  const uris = Array.from({ length: 12 }, (_, index) => `doc:${index}`);
  notices.sharedUris('resources/list', uris, ['a', 'b']);
  notices.sharedUris('resources/list', [...uris, 'doc:new'], ['a', 'b']);
  notices.longNames(['a__short']);
  expect(lines).toMatchObject([
    { count: 12, uris: uris.slice(0, 10) },
    { count: 1, uris: ['doc:new'] },
  ]);
});
