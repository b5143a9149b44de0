import type { HttpError, HttpResponse } from '../contract/generated/outbound-http.js';
import type { HeaderList } from '../core/http-header.ts';

/** One request of a guest. */
export interface EgressRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderList;
  readonly body?: Uint8Array | undefined;
}

export type EgressAnswer = { readonly ok: HttpResponse } | { readonly err: HttpError };
