/** Calls a tool over and over on a number of connections and checks each answer. A process of its own. */
import { Exchange } from './exchange.ts';

export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tool: string;
  /** Arguments of each call beside `size`. */
  readonly args: object;
  /** Values of the header Authorization, which take turns. */
  readonly authorizations: readonly string[];
  readonly size: number;
  /** The text that each answer must have. */
  readonly expected: string;
  readonly connections: number;
  readonly seconds: number;
}

/** `requests` counts all answers; the other figures are of those within the time. Latencies are milliseconds. */
export type LoadResult =
  | {
      readonly requests: number;
      readonly rps: number;
      readonly mean: number;
      readonly p50: number;
      readonly p99: number;
    }
  | { readonly error: string };

let lastId = 0;

async function run(load: Load): Promise<LoadResult> {
  const { url, headers, tool, args, authorizations, size, expected, connections, seconds } = load;
  const target = new URL(url);
  const exchanges = await Promise.all(Array.from({ length: connections }, () => Exchange.open(target, headers)));
  const params = JSON.stringify({ name: tool, arguments: { size, ...args } });
  const latencies: number[] = [];
  let requests = 0;
  const start = performance.now();
  const end = start + seconds * 1000;

  async function calls(exchange: Exchange): Promise<void> {
    for (let began = performance.now(); began < end; ) {
      const id = ++lastId;
      const message = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}`;
      const body = await exchange.post(message, authorizations[id % authorizations.length]);
      const now = performance.now();
      check(body, id, expected);
      requests += 1;
      // On a machine that is so slow that nothing arrives in time, the first answer counts.
      if (now <= end || latencies.length === 0) latencies.push(now - began);
      began = now;
    }
  }

  try {
    await Promise.all(exchanges.map(calls));
  } finally {
    for (const exchange of exchanges) exchange.close();
  }
  const sorted = Float64Array.from(latencies).sort();
  const quantile = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
  const mean = sorted.reduce((sum, each) => sum + each, 0) / sorted.length;
  return { requests, rps: sorted.length / seconds, mean, p50: quantile(0.5), p99: quantile(0.99) };
}

function check(body: string, id: number, expected: string): void {
  const message = JSON.parse(body.startsWith('{') ? body : eventData(body));
  if (message.id === id && message.result?.content?.[0]?.text === expected) return;
  throw new Error(`a wrong answer to request ${id}: ${body.slice(0, 300)}`);
}

/** The data of the last event of a server-sent stream. */
function eventData(stream: string): string {
  return [...stream.matchAll(/^data: ?(\{.*)$/gm)].at(-1)?.[1] ?? 'null';
}

process.on('message', (load: Load) => {
  run(load).then(
    result => process.send?.(result),
    error => process.send?.({ error: String(error) } satisfies LoadResult),
  );
});
process.on('disconnect', () => process.exit());
