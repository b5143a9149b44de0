import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Labels, Metrics, Observation } from './metrics.ts';

/** How often the delay of the event loop is sampled, in milliseconds. */
const resolution = 20;

const seconds = { microseconds: 1e-6, nanoseconds: 1e-9 };

type Read = () => Observation;

/**
 * Shows in the metrics what this process uses, under the names that the clients of Prometheus have for it. Nothing is
 * measured before the metrics are first read. Returns a function that ends it.
 */
export function observeProcess(metrics: Metrics): () => void {
  const delay = new LoopDelay();
  const families: Record<string, readonly ['counter' | 'gauge', help: string, Read]> = {
    process_cpu_seconds_total: ['counter', 'User and system CPU time, of all threads.', one(cpuSeconds)],
    process_start_time_seconds: ['gauge', 'Start time of the process since the Unix epoch.', one(startTime)],
    process_resident_memory_bytes: ['gauge', 'Resident memory.', one(() => process.memoryUsage.rss())],
    process_open_fds: ['gauge', 'Open file descriptors.', count('/proc/self/fd')],
    process_max_fds: ['gauge', 'Maximum number of open file descriptors.', maximumOfFiles],
    nodejs_heap_size_used_bytes: ['gauge', 'Used heap of the main thread.', one(() => process.memoryUsage().heapUsed)],
    nodejs_heap_size_total_bytes: ['gauge', 'Heap of the main thread.', one(() => process.memoryUsage().heapTotal)],
    nodejs_external_memory_bytes: ['gauge', 'Memory of buffers.', one(() => process.memoryUsage().external)],
    nodejs_eventloop_lag_p50_seconds: ['gauge', lag('Median'), () => delay.read('p50')],
    nodejs_eventloop_lag_p99_seconds: ['gauge', lag('99th percentile'), () => delay.read('p99')],
    nodejs_eventloop_lag_max_seconds: ['gauge', lag('Maximum'), () => delay.read('max')],
  };
  const ends = Object.entries(families).map(([name, [type, help, read]]) =>
    metrics.observe(name, { type, help }, read),
  );
  return () => {
    for (const end of ends) end();
    delay[Symbol.dispose]();
  };
}

const none: Labels = {};

const lag = (what: string) => `${what} of the delay of the main thread's event loop, since the metrics were last read.`;

const one = (read: () => number) => (): Observation => [[none, read()]];

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * seconds.microseconds;
}

const startTime = (): number => performance.timeOrigin / 1000;

/** Counts the entries of a folder; systems other than Linux have none of them. */
const count = (folder: string) => (): Observation => {
  try {
    return [[none, readdirSync(folder).length]];
  } catch {
    return [];
  }
};

/** Reads how many files may be open, where the system says so. */
function maximumOfFiles(): Observation {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? [] : [[none, Number(limit)]];
  } catch {
    return [];
  }
}

type Delays = Readonly<Record<'p50' | 'p99' | 'max', number>>;

/** Measures how late the event loop is, from when it is first asked. */
class LoopDelay implements Disposable {
  #histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;
  #latest: Delays | undefined;
  /** What was read of the latest delays. Reading one of them again takes new ones. */
  readonly #taken = new Set<keyof Delays>();

  /** Returns a delay since the last time. */
  read(which: keyof Delays): Observation {
    if (this.#latest === undefined || this.#taken.has(which)) {
      this.#taken.clear();
      this.#latest = this.#take();
    }
    this.#taken.add(which);
    return this.#latest === undefined ? [] : [[none, this.#latest[which]]];
  }

  #take(): Delays | undefined {
    const histogram = this.#histogram;
    if (histogram === undefined) {
      this.#histogram = monitorEventLoopDelay({ resolution });
      this.#histogram.enable();
      return undefined;
    }
    if (histogram.count === 0) return undefined;
    // The histogram has the time between samples, and a sample that comes on time is no delay.
    const late = (nanoseconds: number) => Math.max(0, nanoseconds * seconds.nanoseconds - resolution / 1000);
    const delays = {
      p50: late(histogram.percentile(50)),
      p99: late(histogram.percentile(99)),
      max: late(histogram.max),
    };
    histogram.reset();
    return delays;
  }

  [Symbol.dispose](): void {
    this.#histogram?.disable();
  }
}
