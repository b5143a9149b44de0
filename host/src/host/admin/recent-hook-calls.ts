import type { HookCall } from '../../admin/answer/plugin.ts';
import { countedOutcome, type Receipt } from '../../hook/receipt.ts';
import type { RequestLine } from '../../http/request-log.ts';

/** The calls that are kept of each plugin. */
const most = 100;

/** A plugin's code of a violation that is one word, and not some text. */
const word = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** The latest calls of one plugin. */
interface Ring {
  readonly calls: HookCall[];
  /** Where the next call is written. */
  next: number;
}

/** Keeps the latest hook calls of each plugin in memory: what happened, and nothing of what was in them. */
export class RecentHookCalls {
  readonly #rings = new Map<string, Ring>();

  /** Takes the hook calls of a request that has ended. */
  add({ request, binding, plugins, calls }: RequestLine): void {
    for (const receipt of plugins ?? []) this.#add(receipt, request, binding);
    for (const nested of calls ?? []) {
      for (const receipt of nested.plugins ?? []) this.#add(receipt, nested.request, binding);
    }
  }

  /** Returns the calls of a plugin, the newest first. */
  of(plugin: string): HookCall[] {
    const { calls = [], next = 0 } = this.#rings.get(plugin) ?? {};
    return [...calls.slice(next), ...calls.slice(0, next)].reverse();
  }

  /** Forgets the calls of plugins that are not among these. */
  keepOnly(plugins: ReadonlySet<string>): void {
    for (const plugin of this.#rings.keys()) if (!plugins.has(plugin)) this.#rings.delete(plugin);
  }

  #add(receipt: Receipt, request: string, binding: string | undefined): void {
    const ring = this.#rings.get(receipt.plugin) ?? { calls: [], next: 0 };
    this.#rings.set(receipt.plugin, ring);
    ring.calls[ring.next] = callOf(receipt, request, binding);
    ring.next = (ring.next + 1) % most;
  }
}

function callOf(receipt: Receipt, request: string, binding: string | undefined): HookCall {
  const { hook, outcome, wallMs } = receipt;
  const code = outcome === 'block' ? receipt.violation.code : undefined;
  return {
    time: new Date().toISOString(),
    request,
    ...(binding !== undefined && { binding }),
    hook,
    outcome: outcome === 'failed' ? outcome : countedOutcome(receipt),
    ...(outcome === 'failed' && { cause: receipt.cause }),
    ...(code !== undefined && word.test(code) && { code }),
    ms: Math.round(wallMs * 100) / 100,
  };
}
