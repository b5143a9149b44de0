import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pluginDescriptorSchema } from '@sallyport/host/contract';
import { stringify } from 'yaml';
import { type CallFigures, Calls, callCells } from './calls.ts';
import { type PluginEntry, signingBuilder } from './gateway.ts';
import { median } from './median.ts';
import { forkProgram, freePort, pidOf, startProgram } from './process.ts';
import { address } from './sample.ts';
import { judged, type Soaked } from './soak.ts';
import type { Holding } from './soak-verdict.ts';
import type { Table } from './table.ts';

export interface ReloadOptions {
  readonly reloads: number;
  readonly connections: number;
  /** How long calls are made without a reload, to compare. */
  readonly seconds: number;
  /** Moments at which the gateway is looked at, evenly spread. The calls pause for them. */
  readonly samples: number;
  /** Receives what the gateway held, at each look. */
  progress(held: Holding): void;
}

/** How long reloads of one kind took, in milliseconds. */
export interface ReloadTimes {
  readonly kind: string;
  readonly times: readonly number[];
}

export interface ReloadFigures {
  readonly without: CallFigures;
  /** What calls met, part by part. */
  readonly during: readonly CallFigures[];
  readonly times: readonly ReloadTimes[];
  readonly held: Soaked;
}

/** What the configuration has at one moment. Each reload changes one thing, or nothing. */
interface State {
  readonly isUpgraded: boolean;
  readonly hasExtra: boolean;
  readonly isPermissive: boolean;
  readonly hasThirdPlugin: boolean;
  readonly hasOtherBinding: boolean;
  /** Counts the changes of settings that each make an upstream another one. */
  readonly upstreamChanges: number;
  readonly limitChanges: number;
}

/** The changes, by turns. */
const changes: readonly ((state: State) => { readonly kind: string; readonly next: State })[] = [
  state => ({
    kind: state.isUpgraded ? 'plugin downgraded' : 'plugin upgraded',
    next: { ...state, isUpgraded: !state.isUpgraded },
  }),
  state => ({
    kind: state.hasExtra ? 'upstream removed' : 'upstream added',
    next: { ...state, hasExtra: !state.hasExtra },
  }),
  state => ({ kind: 'mode of a plugin', next: { ...state, isPermissive: !state.isPermissive } }),
  state => ({ kind: 'nothing', next: state }),
  state => ({ kind: 'upstream changed', next: { ...state, upstreamChanges: state.upstreamChanges + 1 } }),
  state => ({ kind: 'limits', next: { ...state, limitChanges: state.limitChanges + 1 } }),
  state => ({
    kind: state.hasOtherBinding ? 'binding removed' : 'binding added',
    next: { ...state, hasOtherBinding: !state.hasOtherBinding },
  }),
  state => ({
    kind: state.hasThirdPlugin ? 'plugin removed' : 'plugin added',
    next: { ...state, hasThirdPlugin: !state.hasThirdPlugin },
  }),
];

/**
 * Reloads a gateway with two plugins again and again while clients call it, and looks at what it holds. A reload that is
 * refused ends the run.
 */
export async function measureReload(options: ReloadOptions): Promise<ReloadFigures> {
  await using stop = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-reload-'));
  stop.defer(() => rm(folder, { recursive: true, force: true }));
  const gateway = await ReloadedGateway.start(folder, stop);
  const expected = (text: string) => text.replace(address, replacement);
  const calls = await Calls.open(gateway, { name: 'reload', connections: options.connections, expected });
  stop.defer(() => calls.close());
  await calls.during(options.seconds);
  const without = await calls.during(options.seconds);
  const during: CallFigures[] = [];
  const series: Holding[] = [];
  const times = new Map<string, number[]>();
  let made = 0;
  let reloads = 0;
  for (let sample = 1; sample <= options.samples; sample++) {
    const due = Math.round((options.reloads * sample) / options.samples);
    let isOver = false;
    const calling = calls.until(() => isOver);
    try {
      for (; reloads < due; reloads++) {
        const { kind, ms } = await gateway.reload(reloads);
        times.set(kind, [...(times.get(kind) ?? []), ms]);
      }
    } finally {
      isOver = true;
    }
    const figures = await calling;
    during.push(figures);
    made += figures.calls;
    const held = await gateway.look(made);
    series.push(held);
    options.progress(held);
  }
  return { without, during, times: [...times].map(([kind, each]) => ({ kind, times: each })), held: judged(series) };
}

const replacement = 'hidden@example.com';

/** A gateway whose file is changed. */
class ReloadedGateway {
  readonly url: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #lines: LogLines;
  readonly #write: (state: State) => Promise<void>;
  #state: State = start;

  private constructor(url: string, child: ChildProcess, lines: LogLines, write: (state: State) => Promise<void>) {
    this.url = url;
    this.pid = pidOf(child);
    this.#child = child;
    this.#lines = lines;
    this.#write = write;
  }

  static async start(folder: string, stop: AsyncDisposableStack): Promise<ReloadedGateway> {
    const port = await freePort();
    const file = join(folder, 'sallyport.yaml');
    const [plugins, servers] = await Promise.all([
      buildVersions(folder),
      Promise.all([1, 2, 3].map(() => startProgram('upstream', [], stop))),
    ]);
    const urls = servers.map(({ url }) => url);
    const write = async (state: State) => {
      await writeFile(`${file}.new`, stringify(configOf(state, { port, plugins, urls, folder })));
      await rename(`${file}.new`, file);
    };
    await write(start);
    const flags = ['--expose-gc', '--max-semi-space-size=8'];
    const child = forkProgram('reload-gateway', [file], stop, flags, { MALLOC_ARENA_MAX: '1' }, 'pipe');
    const lines = new LogLines(child);
    await lines.next(/"msg":"serving"/);
    return new ReloadedGateway(`http://127.0.0.1:${port}/mcp`, child, lines, write);
  }

  /** Makes the next change and waits until it is served. */
  async reload(number: number): Promise<{ readonly kind: string; readonly ms: number }> {
    const change = changes[number % changes.length];
    const { kind, next } = change?.(this.#state) ?? { kind: 'nothing', next: this.#state };
    this.#state = next;
    await this.#write(next);
    const logged = this.#lines.next(/"msg":"configuration (not )?reloaded/);
    this.#child.kill('SIGHUP');
    const line = JSON.parse(await logged);
    if (line.msg !== 'configuration reloaded') throw new Error(`reload ${number} was refused: ${JSON.stringify(line)}`);
    return { kind, ms: Number(line.ms) };
  }

  /** Collects garbage in the gateway and returns what it then holds. No call may be running. */
  async look(calls: number): Promise<Holding> {
    this.#child.send(calls);
    const [held] = await once(this.#child, 'message');
    return held;
  }
}

const start: State = {
  ...{ isUpgraded: false, hasExtra: false, isPermissive: false, hasThirdPlugin: false, hasOtherBinding: false },
  ...{ upstreamChanges: 0, limitChanges: 0 },
};

/** The log of a gateway, which is read all the time: otherwise the gateway would wait. */
class LogLines {
  #waiting: { readonly pattern: RegExp; readonly found: (line: string) => void } | undefined;
  readonly #ended: Promise<never>;

  constructor(child: ChildProcess) {
    if (child.stderr === null) throw new Error('the log of the gateway cannot be read');
    createInterface({ input: child.stderr }).on('line', line => {
      if (this.#waiting?.pattern.test(line)) this.#waiting.found(line);
    });
    this.#ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the gateway ended with ${code}`)));
    // It ends with the run, too.
    this.#ended.catch(() => {});
  }

  /** Returns the next line that matches. @throws Error if the gateway ends before */
  next(pattern: RegExp): Promise<string> {
    const found = new Promise<string>(resolve => {
      this.#waiting = { pattern, found: resolve };
    });
    return Promise.race([found, this.#ended]);
  }
}

interface Parts {
  readonly port: number;
  readonly plugins: readonly [first: PluginEntry, upgraded: PluginEntry, other: PluginEntry, third: PluginEntry];
  readonly urls: readonly string[];
  readonly folder: string;
}

function configOf(state: State, { port, plugins, urls, folder }: Parts): object {
  const { isUpgraded, hasExtra, isPermissive, hasThirdPlugin, hasOtherBinding, upstreamChanges, limitChanges } = state;
  const [first, upgraded, other, third] = plugins;
  const ids = ['bench', 'second', ...(hasExtra ? ['extra'] : [])];
  const more = hasThirdPlugin ? [third] : [];
  const transforms = [first.id, other.id, ...more.map(({ id }) => id)];
  return {
    listen: `127.0.0.1:${port}`,
    cache_dir: join(folder, 'cache'),
    kv: { store: 'memory' },
    // A machine that is busy must not be taken for a plugin that loops.
    limits: { list_ms: 30_000 + limitChanges, plugin: { timeout_ms: 30_000, cpu_ms: 30_000 } },
    plugins: [isUpgraded ? upgraded : first, { ...other, mode: isPermissive ? 'permissive' : 'enforce' }, ...more],
    upstreams: ids.map((id, index) => ({
      ...{ id, http: { url: urls[index] } },
      ...(id === 'bench' && { timeout_ms: 60_000 + upstreamChanges }),
    })),
    bindings: [
      { id: 'bench', default: true, upstreams: ids, transforms },
      ...(hasOtherBinding ? [{ id: 'other', upstreams: ['second'] }] : []),
    ],
  };
}

/** Builds a plugin in two versions that do the same, and two others. */
async function buildVersions(folder: string): Promise<Parts['plugins']> {
  const example = join(import.meta.dirname, '../../../plugins-examples/redact-emails');
  const described = pluginDescriptorSchema.parse(JSON.parse(await readFile(join(example, 'plugin.json'), 'utf8')));
  const build = async (id: string, version: string): Promise<PluginEntry> => {
    const out = join(folder, `${id}-${version}`);
    await mkdir(out);
    const sign = await signingBuilder(out, 'reload');
    return { id, source: await sign(example, { ...described, id, version }), config: { replacement } };
  };
  return [
    await build('first', '1.0.0'),
    await build('first', '1.1.0'),
    await build('other', '1.0.0'),
    await build('third', '1.0.0'),
  ];
}

/** Returns what calls met with reloads and without. */
export function reloadCallsTable({ without, during }: ReloadFigures): Table {
  const failed: Record<string, number> = {};
  for (const [code, count] of during.flatMap(part => Object.entries(part.failed))) {
    failed[code] = (failed[code] ?? 0) + count;
  }
  const sum = (of: (part: CallFigures) => number) => during.reduce((total, part) => total + of(part), 0);
  const calls = sum(part => part.calls);
  const seconds = sum(part => part.calls / part.callsPerSecond);
  const slowest = Math.max(...during.map(part => part.slowest));
  return {
    head: ['', 'calls', 'calls/s', 'failed', 'slowest ms'],
    rows: [
      ['without reloads', ...callCells(without)],
      ['during reloads', ...callCells({ calls, callsPerSecond: calls / seconds, failed, slowest })],
    ],
  };
}

/** Returns how long reloads took, by what they changed. */
export const reloadTimesTable = ({ times }: ReloadFigures): Table => ({
  head: ['changed', 'reloads', 'median ms', 'slowest ms'],
  rows: times.map(({ kind, times: each }) => [
    kind,
    String(each.length),
    median(each).toFixed(0),
    Math.max(...each).toFixed(0),
  ]),
});
