import { Exchange } from './exchange.ts';
import type { Running } from './process.ts';
import { sampleText } from './sample.ts';
import { openVariant, type Variant } from './variant.ts';

/** What calls met. */
export interface CallFigures {
  readonly calls: number;
  readonly callsPerSecond: number;
  /** Calls that were answered with an error, by its code. */
  readonly failed: Readonly<Record<string, number>>;
  /** The longest that a call took, in milliseconds. */
  readonly slowest: number;
}

export interface CallOptions {
  readonly name: string;
  readonly connections: number;
  /** The text that is right when the upstream says `text`. */
  readonly expected?: (text: string) => string;
}

interface Caller {
  readonly exchange: Exchange;
  readonly variant: Variant;
}

const size = 200;

/** Clients that call over and over, each in a session of its own. */
export class Calls {
  readonly #callers: readonly Caller[];

  private constructor(callers: readonly Caller[]) {
    this.#callers = callers;
  }

  static async open(gateway: Running, { name, connections, expected }: CallOptions): Promise<Calls> {
    const callers = Array.from({ length: connections }, async () => {
      const variant = await openVariant(name, gateway, expected);
      return { variant, exchange: await Exchange.open(new URL(variant.url), variant.headers) };
    });
    return new Calls(await Promise.all(callers));
  }

  close(): void {
    for (const { exchange } of this.#callers) exchange.close();
  }

  /** Calls until this is over, and at least once. */
  async until(isOver: () => boolean): Promise<CallFigures> {
    const failed: Record<string, number> = {};
    let calls = 0;
    let slowest = 0;
    const start = performance.now();
    await Promise.all(
      this.#callers.map(async caller => {
        let began = performance.now();
        do {
          const code = await failureOf(caller);
          const now = performance.now();
          calls += 1;
          slowest = Math.max(slowest, now - began);
          if (code !== undefined) failed[code] = (failed[code] ?? 0) + 1;
          began = now;
        } while (!isOver());
      }),
    );
    return { calls, callsPerSecond: (calls * 1_000) / (performance.now() - start), failed, slowest };
  }

  during(seconds: number): Promise<CallFigures> {
    const end = performance.now() + seconds * 1_000;
    return this.until(() => performance.now() >= end);
  }
}

/** Makes a call, and returns the code of the error that it was answered with. */
async function failureOf({ exchange, variant }: Caller): Promise<string | undefined> {
  const params = { name: variant.tool, arguments: { size } };
  const body = await exchange.post(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
  const { result, error } = JSON.parse(body);
  if (error === undefined && result?.content?.[0]?.text === variant.expected(sampleText(size))) return undefined;
  return String(error?.data?.code ?? 'a wrong answer');
}

/** Returns the cells of a row about calls: their number, rate, failures and the slowest. */
export function callCells({ calls, callsPerSecond, failed, slowest }: CallFigures): readonly string[] {
  const codes = Object.entries(failed).map(([code, count]) => `${count} \`${code}\``);
  const rate = Math.round(callsPerSecond).toLocaleString('en');
  return [calls.toLocaleString('en'), rate, codes.join(', ') || '0', slowest.toFixed(0)];
}
