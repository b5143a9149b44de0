// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/outbound-http@0.1.0 **/
export function send(request: HttpRequest): HttpResponse;
export interface HttpRequest {
  method: string,
  url: string,
  headers: Array<[string, string]>,
  body?: Uint8Array,
}
export interface HttpResponse {
  status: number,
  headers: Array<[string, string]>,
  body: Uint8Array,
}
export type HttpError =
  | {
    /**
     * The grant does not allow it. The text names the missing rule.
     */
    tag: 'denied',
    val: string,
  }
  | {
    tag: 'timeout',
  }
  | {
    tag: 'too-large',
  }
  | {
    tag: 'failed',
    val: string,
  };
