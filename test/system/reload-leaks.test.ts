/** What many reloads leave behind. */
import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Config } from '@sallyport/host';
import { expect, it } from 'vitest';
import { watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { keep } from '../fixtures/keep.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { until } from '../fixtures/until.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

type Change = (config: Config, turn: number) => Config;

const ofUpstream =
  (change: (entry: Config['upstreams'][number]) => Config['upstreams'][number]): Change =>
  config => ({ ...config, upstreams: config.upstreams.map(change) });

/** Kinds of changes; how often each is made. */
const kinds: readonly (readonly [what: string, times: number, change: Change])[] = [
  ['nothing', 200, config => ({ ...config })],
  ['an upstream', 200, (config, turn) => ofUpstream(each => ({ ...each, timeout_ms: 10_000 + turn }))(config, turn)],
  [
    'upstreams that come and go',
    200,
    (config, turn) => {
      const [first] = config.upstreams;
      if (first === undefined) return config;
      const upstreams = turn % 2 === 0 ? [first, { ...first, id: `more${turn}` }] : [first];
      const ids = upstreams.map(({ id }) => id);
      return { ...config, upstreams, bindings: config.bindings.map(each => ({ ...each, upstreams: ids })) };
    },
  ],
  [
    'bindings that come and go',
    200,
    (config, turn) => {
      const [first] = config.bindings;
      if (first === undefined) return config;
      return {
        ...config,
        bindings: turn % 2 === 0 ? [first, { ...first, id: `more${turn}`, default: false }] : [first],
      };
    },
  ],
  [
    'limits',
    200,
    (config, turn) => ({ ...config, limits: { ...config.limits, list_ms: 5_000 + turn, sessions: 100 + turn } }),
  ],
  [
    'tenants',
    200,
    (config, turn) => ({
      ...config,
      tenants: [
        { id: '*', limits: { requests_per_minute: 1_000_000 + turn }, caller_limits: {}, secrets: [], plugins: [] },
      ] as unknown as Config['tenants'],
    }),
  ],
  ['the place of a plugin', 200, (config, turn) => withPlugin(config, { priority: turn })],
  ['the configuration of a plugin', 40, (config, turn) => withPlugin(config, { config: { turn } })],
];

const withPlugin = (config: Config, changed: object): Config => ({
  ...config,
  plugins: config.plugins.map(each => ({ ...each, ...changed })),
});

const threads = () => readdirSync('/proc/self/task').length;
const sockets = () => process.getActiveResourcesInfo().filter(name => name.startsWith('TCP')).length;
const handles = () => process.getActiveResourcesInfo().length;

it.each(kinds)('[RUN-157] after many reloads of %s, everything is as before', async (_what, times, change) => {
  const bytes = await watGuest(guestDescriptor('plain'));
  const upstream = await keep(startRawHttpServer());
  const { host, call } = await keep(openHost([{ id: 'plain', bytes }], upstream.url, { limits: { lanes: 1 } }));
  const reload = async (turn: number) => {
    await host.reload(config => change(config, turn));
    // With several upstreams, names of tools begin with that of one.
    await call(host.config.upstreams.length > 1 ? 'upstream__echo' : 'echo', { text: `${turn}` });
  };
  for (let turn = 0; turn < 5; turn += 1) await reload(turn);
  await until(() => upstream.sessions.size <= 2);
  const before = { threads: threads(), sockets: sockets(), handles: handles() };
  const earlier: WeakRef<Config>[] = [];
  for (let turn = 6; turn < times + 6; turn += 1) {
    earlier.push(new WeakRef(host.config));
    await reload(turn);
  }
  await until(() => threads() <= before.threads + 1);
  await until(() => upstream.sessions.size <= 2);
  await until(() => sockets() <= before.sockets + 2);
  await until(() => handles() <= before.handles + 4);
  const left = () => {
    collectGarbage();
    return earlier.filter(each => each.deref() !== undefined).length;
  };
  // What has just been looked at stays until the end of the turn.
  for (let tries = 0; tries < 100 && left() > 3; tries += 1) await new Promise(setImmediate);
  expect(left()).toBeLessThanOrEqual(3);
  const asked = new Request('http://localhost/metrics');
  const metrics = await (await host.fetch(asked, { remoteAddress: '127.0.0.1' })).text();
  const series = metrics.split('\n').filter(line => line.startsWith('sallyport_upstream_connections{'));
  expect(series.length).toBeLessThanOrEqual(host.config.upstreams.length);
});
