import type { Cancellation } from '../../core/canceller.ts';
import type { JsonObject } from '../../core/json.ts';
import { type CompleteMethod, type HookedMethod, methods } from '../../mcp/methods.ts';
import type { HookContext, HookedPlugin } from '../hook-chain.ts';
import type { Receipt } from '../receipt.ts';
import type { ListedTool } from './named-members.ts';
import type { HookCallRecord } from './receipt-line.ts';
import type { ReceiptRecorder } from './receipt-log.ts';

/** A method whose requests plugins see or decide about; `initialize` where a server joins. */
type RecordedMethod = HookedMethod | CompleteMethod | 'initialize';

type Artifact = Pick<HookedPlugin, 'version' | 'digest'>;

/** The value before and after one plugin. */
export interface ValuesOfCall {
  readonly before: JsonObject;
  readonly after: JsonObject;
  /** The answer of a plugin instead of the upstream's. */
  readonly answer?: JsonObject | undefined;
}

/** Records the hook calls of one pass of a request or result through a chain. */
export class Recording {
  readonly #recorder: ReceiptRecorder;
  readonly #on: HookContext;
  readonly #method: RecordedMethod;
  readonly #signal: Cancellation | undefined;

  constructor(recorder: ReceiptRecorder, on: HookContext, method: RecordedMethod, signal: Cancellation | undefined) {
    this.#recorder = recorder;
    this.#on = on;
    this.#method = method;
    this.#signal = signal;
  }

  /** Records the hook call whose receipt was written last. */
  add(receipt: Receipt, plugin: Artifact, values?: ValuesOfCall): void {
    this.#add({ receipt, call: this.#on.receipts.written.length }, plugin, values);
  }

  /** Records the receipt that was written last as a correction of an earlier one. */
  correct(earlier: Receipt, receipt: Receipt, plugin: Artifact): void {
    const { written } = this.#on.receipts;
    this.#add({ receipt, call: written.length, corrects: written.indexOf(earlier) + 1 }, plugin);
  }

  /** Records a call beside the request, of a plugin in shadow. */
  addShadow(receipt: Receipt, plugin: Artifact, values: ValuesOfCall): void {
    this.#add({ receipt }, plugin, values);
  }

  /** Returns a promise that resolves when the queue has room, if calls must wait. @throws the signal's reason when it aborts */
  room(): Promise<void> | undefined {
    return this.#recorder.room(this.#signal);
  }

  #add(
    numbered: Pick<HookCallRecord, 'receipt' | 'call' | 'corrects'>,
    { version, digest }: Artifact,
    values?: ValuesOfCall,
  ): void {
    // Not the context itself, which holds the whole request.
    const { requestId: request, binding, upstream, tenant, subject } = this.#on;
    const { outcome } = numbered.receipt;
    const isChange = outcome === 'modified' && values !== undefined;
    this.#recorder.add({
      ...numbered,
      ...{ endedMs: Date.now(), request, binding, upstream, tenant, subject, method: this.#method, version, digest },
      tool: this.#tool(),
      change: isChange ? { before: values.before, after: values.after, tools: this.#tools(values) } : undefined,
      answer: outcome === 'respond' ? values?.answer : undefined,
    });
  }

  /** Returns the name of the called tool, unless its upstream has not listed it: then a client may have made it up. */
  #tool(): string | undefined {
    const { target, listedTool } = this.#on;
    const isListed = this.#method === 'tools/call' && target !== undefined && listedTool?.(target) !== undefined;
    return isListed ? target : undefined;
  }

  /** Returns the tools that values are about: the called one, and the one that a plugin made of it. */
  #tools({ before, after }: ValuesOfCall): readonly ListedTool[] {
    if (this.#method !== 'tools/call') return [];
    const { target } = methods[this.#method];
    const names = new Set([before[target], after[target], this.#on.target]);
    const listed = [...names].map(name => (typeof name === 'string' ? this.#on.listedTool?.(name) : undefined));
    return listed.filter(tool => tool !== undefined);
  }
}
