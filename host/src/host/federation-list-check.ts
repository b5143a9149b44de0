import { randomUUID } from 'node:crypto';
import type { ListKind } from '../contract/generated/types.js';
import { bounded } from '../core/bounded.ts';
import type { JsonObject } from '../core/json.ts';
import type { Log } from '../core/log.ts';
import { RepeatedWarning } from '../core/repeated-warning.ts';
import type { FederationChain } from '../hook/federation-chain.ts';
import type { BlockData } from '../hook/hook-chain.ts';
import type { ListMethod } from '../mcp/methods.ts';
import type { ListCheck, Refresh } from '../upstream/checked/list-check.ts';

/** The plugins of `federation` in one generation. */
export interface FederationPlugins {
  readonly chain: FederationChain;
  /** Names what they decide by: equal in generations in which that is the same. */
  readonly decider: string;
}

/** Lets the plugins of `federation` that are loaded now decide about lists. */
export class FederationListCheck implements ListCheck {
  readonly #plugins: () => FederationPlugins;
  readonly #refusedWarning: RepeatedWarning;

  constructor(plugins: () => FederationPlugins, log: Log) {
    this.#plugins = plugins;
    this.#refusedWarning = new RepeatedWarning(log, 'a plugin refused the list of an upstream');
  }

  get decider(): string {
    return this.#plugins().decider;
  }

  async before(refresh: Refresh): Promise<boolean> {
    const { upstream, method, reason, entries } = refresh;
    const shown = { kind: listKinds[method], reason, ...(entries !== undefined && { entries }) };
    const blocked = await this.#plugins().chain.preSync({ requestId: randomUUID(), upstream }, method, shown);
    if (blocked !== undefined) this.#logRefused(refresh, blocked);
    return blocked === undefined;
  }

  async after(refresh: Refresh, items: readonly JsonObject[]): Promise<readonly JsonObject[] | undefined> {
    const { upstream, method } = refresh;
    const checked = await this.#plugins().chain.postSync({ requestId: randomUUID(), upstream }, method, items);
    if ('items' in checked) return checked.items;
    this.#logRefused(refresh, checked.blocked);
    return undefined;
  }

  #logRefused({ upstream, method, entries }: Refresh, { plugin, code, reason }: BlockData): void {
    const uses = entries === undefined ? 'nothing of it' : `the earlier list, with ${entries} entries`;
    const line = { upstream, method, plugin, code: bounded(code), reason: bounded(reason), uses };
    this.#refusedWarning.write(`${plugin} ${upstream} ${method}`, line);
  }
}

const listKinds: Readonly<Record<ListMethod, ListKind>> = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resource-templates',
};
