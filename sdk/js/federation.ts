/// <reference path="./contract.d.ts" />

import type {
  FederationContext,
  JoiningServer,
  ListRefresh,
  PostSyncOutcome,
  PreRegisterOutcome,
  PreSyncOutcome,
  RegisteredServer,
  ServerList,
} from 'sallyport:plugin/types@0.1.0';
import { type Configurable, configured } from './config.ts';

/** The result of a function that returns nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: TypeScript gives functions without a `return` the type void alone.
type Nothing = undefined | void;

/** A `federation` plugin. Omitted functions do nothing; an exception triggers `on_error`. */
export interface Federation<Config> extends Configurable<Config> {
  /** The hook `server_pre_register`. Returning nothing lets the server join. */
  preRegister?(server: JoiningServer, context: FederationContext, config: Config): PreRegisterOutcome | Nothing;
  /** The hook `server_post_register`: called once the server has joined and was reached. It only observes. */
  postRegister?(server: RegisteredServer, context: FederationContext, config: Config): void;
  /** The hook `federation_pre_sync`. Returning nothing lets the list be read. */
  preSync?(refresh: ListRefresh, context: FederationContext, config: Config): PreSyncOutcome | Nothing;
  /** The hook `federation_post_sync`. Returning nothing lets the list be used as it is. */
  postSync?(list: ServerList, context: FederationContext, config: Config): PostSyncOutcome | Nothing;
}

/** The two interfaces that a federation plugin exports under these names. */
export interface FederationExports {
  readonly lifecycle: { configure(json: string): void };
  readonly federationCheck: {
    preRegister(context: FederationContext, server: JoiningServer): PreRegisterOutcome;
    postRegister(context: FederationContext, server: RegisteredServer): void;
    preSync(context: FederationContext, refresh: ListRefresh): PreSyncOutcome;
    postSync(context: FederationContext, received: ServerList): PostSyncOutcome;
  };
}

/** A tool, a prompt, a resource or a resource template. */
export type Entry = ServerList['val'][number];

const proceed = { tag: 'proceed' } as const;

/**
 * Removes the entries of a list that are not kept: they can neither be listed nor called.
 * @returns `modified` if any was removed, else `proceed`
 */
export function keepEntries(list: ServerList, isKept: (entry: Entry) => boolean): PostSyncOutcome {
  const entries: readonly Entry[] = list.val;
  const kept = entries.filter(isKept);
  return kept.length === entries.length
    ? proceed
    : { tag: 'modified', val: { tag: list.tag, val: kept } as ServerList };
}

/**
 * Creates a plugin's exports from its functions:
 * `export const { lifecycle, federationCheck } = federation({ preRegister: server => … })`.
 */
export function federation<Config extends object = Record<string, never>>(
  plugin: Federation<Config>,
): FederationExports {
  const { lifecycle, config } = configured(plugin);
  return {
    lifecycle,
    federationCheck: {
      preRegister: (context, server) => plugin.preRegister?.(server, context, config()) || proceed,
      postRegister: (context, server) => plugin.postRegister?.(server, context, config()),
      preSync: (context, refresh) => plugin.preSync?.(refresh, context, config()) || proceed,
      postSync: (context, received) => plugin.postSync?.(received, context, config()) || proceed,
    },
  };
}
