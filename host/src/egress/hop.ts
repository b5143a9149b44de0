import type { HeaderList } from '../core/http-header.ts';
import type { AllowRule } from './allow-rule.ts';

/** One request on the wire. A request of a guest makes several of them when it is redirected. */
export interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly headers: HeaderList;
  readonly body: Uint8Array | undefined;
  /** The rule that allows it. */
  readonly rule: AllowRule;
}

/** Returns the size of a hop as HTTP/1.1 writes it, without the headers that the host sets. (RFC 9112 § 2.1) */
export function sizeOf({ method, url, headers, body }: Hop): number {
  let size = `${method} ${url.pathname}${url.search} HTTP/1.1\r\n\r\n`.length + (body?.length ?? 0);
  for (const [name, value] of headers) size += name.length + value.length + ': \r\n'.length;
  return size;
}
