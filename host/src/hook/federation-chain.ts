import type { JoiningServer, ListRefresh, RegisteredServer } from '../contract/generated/types.js';
import type { ChainedValue, FederationQuestion, HookRunner } from '../contract/hook-call.ts';
import type { federationHooks } from '../contract/hook-name.ts';
import { bounded } from '../core/bounded.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Log } from '../core/log.ts';
import { RepeatedWarning } from '../core/repeated-warning.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { type ListMethod, listShape } from '../mcp/methods.ts';
import type { HookSubject } from './condition.ts';
import type { BlockData, HookContext, HookedPlugin } from './hook-chain.ts';
import { refuse } from './invalid-output.ts';
import { Plan } from './plan.ts';
import { Receipts } from './receipt.ts';
import type { ReceiptRecorder } from './record/receipt-log.ts';
import { Recording } from './record/recording.ts';
import { runInOrder } from './run.ts';
import type { Failure, Run, RunResult, ShadowStarter } from './run-hop.ts';
import { listMember, withMembers, withoutLookalikes } from './view/members.ts';
import { serverListViews } from './view/server-list.ts';
import { noBlobs, type View } from './view/view.ts';

export type FederationHook = (typeof federationHooks)[number];

export interface FederationChainOptions {
  readonly plugins: readonly HookedPlugin[];
  readonly runner: HookRunner;
  readonly log: Log;
  /** Masks secrets in the reason of a block. */
  readonly mask: Pick<SecretMask, 'value'>;
  readonly shadows: ShadowStarter;
  readonly recorder?: ReceiptRecorder | undefined;
}

/** What a federation hook is called about. */
export interface FederationCall {
  readonly requestId: string;
  readonly upstream: string;
}

/** The list that plugins left, or why it must not be used. */
export type CheckedList = { readonly items: readonly JsonObject[] } | { readonly blocked: BlockData };

/**
 * The plugins of `federation`: they decide which servers join the gateway, and what of their lists is used. A failure
 * is handled by `on_error` of the plugin, never thrown.
 */
export class FederationChain {
  readonly #options: FederationChainOptions;
  readonly #plan: Plan;
  readonly #failureWarning: RepeatedWarning;
  #running = 0;
  #onIdle: (() => void) | undefined;

  constructor(options: FederationChainOptions) {
    this.#options = options;
    this.#plan = new Plan(options.plugins, options.recorder !== undefined);
    this.#failureWarning = new RepeatedWarning(options.log, 'a plugin failed');
  }

  /** Whether any plugin has one of these hooks, also in shadow. */
  handles(...hooks: readonly FederationHook[]): boolean {
    return hooks.some(hook => this.#plan.of(hook) !== undefined);
  }

  /** Calls `server_pre_register`. @returns why the server must not join @throws Fault `overloaded` */
  async preRegister(about: FederationCall, server: JoiningServer): Promise<BlockData | undefined> {
    const question = { stage: 'preRegister', value: server } as const;
    return blockOf(await this.#ask('server_pre_register', about, 'initialize', question));
  }

  /** Calls `server_post_register`, whose outcome does not count. @throws Fault `overloaded` */
  async postRegister(about: FederationCall, server: RegisteredServer): Promise<void> {
    const question = { stage: 'postRegister', value: server } as const;
    await this.#ask('server_post_register', about, 'initialize', question);
  }

  /** Calls `federation_pre_sync`. @returns why the list must not be read @throws Fault `overloaded` */
  async preSync(about: FederationCall, method: ListMethod, refresh: ListRefresh): Promise<BlockData | undefined> {
    return blockOf(await this.#ask('federation_pre_sync', about, method, { stage: 'preSync', value: refresh }));
  }

  /** Calls `federation_post_sync` for a whole list, as the server sent it. @throws Fault `overloaded` */
  async postSync(about: FederationCall, method: ListMethod, items: readonly JsonObject[]): Promise<CheckedList> {
    const { member, key } = listShape(method);
    // No text may pass plugins where they look for it: in an entry without a name, or a member in another case or type.
    const named = items.filter(item => typeof item[key] === 'string').map(withTexts);
    const list = withoutLookalikes({ [member]: named });
    const done = await this.#run('federation_post_sync', about, method, list, {
      view: serverListViews[method],
      input: value => ({ stage: 'postSync', value }),
    });
    if (done.kind === 'block') return { blocked: done.data };
    return { items: done.value[member] as readonly JsonObject[] };
  }

  /** Waits until no call is running. New ones must go elsewhere by then. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise(resolve => {
      this.#onIdle = resolve;
    });
  }

  /** Asks about something that plugins cannot change. */
  #ask<Q extends FederationQuestion>(
    hook: FederationHook,
    about: FederationCall,
    method: HookSubject['method'],
    question: Q,
  ): Promise<RunResult> {
    const view: View<Q['value']> = {
      hasBlobs: noBlobs,
      show: () => question.value,
      merge: () => refuse('its outcome is not one of this hook'),
    };
    return this.#run(hook, about, method, {}, { view, input: () => question });
  }

  async #run<V extends ChainedValue>(
    hook: FederationHook,
    { requestId, upstream }: FederationCall,
    method: HookSubject['method'],
    value: JsonObject,
    how: Pick<Run<V>, 'view' | 'input'>,
  ): Promise<RunResult> {
    const plan = this.#plan.of(hook);
    if (plan === undefined) return { kind: 'proceed', value };
    const on: HookContext = { requestId, upstream, binding: '', receipts: new Receipts() };
    const { runner, shadows, recorder, mask } = this.#options;
    const run: Run<V> = {
      ...how,
      ...{ on, hook, plan, runner, shadows, signal: undefined },
      recording: recorder && new Recording(recorder, on, method, undefined),
      failed: (failure, plugin) => this.#logFailure(failure, plugin, hook, on),
      about: () => ({ method, upstream }),
      answer: () => refuse('its outcome is not one of this hook'),
    };
    this.#running += 1;
    try {
      const done = await runInOrder(value, run);
      if (done.kind !== 'block') return done;
      return { kind: 'block', data: { ...mask.value(done.data), plugin: done.data.plugin } };
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#onIdle?.();
    }
  }

  #logFailure({ cause, message }: Failure, plugin: HookedPlugin, hook: FederationHook, on: HookContext): void {
    const { requestId: request, upstream } = on;
    const about = { plugin: plugin.id, hook, request, upstream, cause, on_error: plugin.onError[cause] };
    this.#failureWarning.write(`${plugin.id} ${hook} ${cause}`, { ...about, reason: bounded(message) });
  }
}

const texts = ['name', 'title', 'description', 'mimeType'] as const;

/** Removes members of an entry, and arguments of a prompt, that plugins would be shown if they had the right type. */
function withTexts(entry: JsonObject): JsonObject {
  const wrong = texts.filter(name => entry[name] !== undefined && typeof entry[name] !== 'string');
  const { arguments: stated } = entry;
  const known = listMember(entry, 'arguments')
    .filter(isJsonObject)
    .filter(each => typeof each.name === 'string');
  return withMembers(entry, {
    ...Object.fromEntries(wrong.map(name => [name, undefined])),
    ...(stated !== undefined && { arguments: known.map(withTexts) }),
  });
}

const blockOf = (done: RunResult): BlockData | undefined => (done.kind === 'block' ? done.data : undefined);
