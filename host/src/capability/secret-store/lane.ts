import type { SecretError } from '../../contract/generated/secret-store.js';
import { cut } from '../../core/cut.ts';
import { askGatewayNow } from '../lane/ask-gateway.ts';
import { DeclaredError, type LaneSide } from '../lane/lane-side.ts';
import { worthlessPlaceholder } from './lane/worthless-placeholder.ts';

/** Characters of a name. */
export const longestName = 64;

/** What it asks the gateway, and tells where it is learning. */
export interface SecretRequest {
  readonly do: 'get' | 'reference';
  readonly name: string;
}

/** What the gateway answers. */
export type SecretAnswer = { readonly ok: string } | { readonly err: SecretError };

const wit = 'sallyport:plugin/secret-store';

/** Why a secret is not given. */
export const denied = (why: string): SecretError => ({ tag: 'denied', val: why });
const refuse = () => {
  throw new DeclaredError(denied('secret_store was not granted'));
};

/** What guests get of `secret_store`. */
export const secretStoreInLane = {
  name: 'secret_store',
  wit: [`${wit}@0.1.0`],
  imports: (_grant, lane) => ({
    [wit]: {
      get: (name: string) => askGatewayNow<string>(lane, { do: 'get', name } satisfies SecretRequest),
      reference: (name: string) => askGatewayNow<string>(lane, { do: 'reference', name } satisfies SecretRequest),
    },
  }),
  blockingImports: [`${wit}#get`, `${wit}#reference`],
  denied: { [wit]: { get: refuse, reference: refuse } },
  learning: {
    imports: tell => ({
      [wit]: {
        get: (name: string) => {
          tell({ do: 'get', name: cut(name, longestName) });
          return refuse();
        },
        reference: (name: string) => {
          tell({ do: 'reference', name: cut(name, longestName) });
          return worthlessPlaceholder(name);
        },
      },
    }),
  },
} satisfies LaneSide;
