import { Fault } from '../core/fault.ts';
import { TooLarge } from './http-exchange.ts';

/** What an HTTP status means that no MCP server answers a request with. */
export function statusFault(upstream: string, status: number): Fault {
  if (status === 401 || status === 403) return new Fault('upstream_refused', { upstream, status });
  if (status >= 300 && status < 400) return new Fault('upstream_redirected', { upstream, status });
  return new Fault('upstream_unavailable', { upstream, status, hint: `it answered with HTTP status ${status}` });
}

/** What undici, fetch and the MCP client throw, as a fault; undefined for anything else. */
export function httpFault(upstream: string, thrown: unknown): Fault | undefined {
  if (thrown instanceof Fault) return thrown;
  if (thrown instanceof TooLarge) return new Fault('upstream_too_large', { upstream });
  if (!(thrown instanceof Error)) return undefined;
  const { code, status, cause, message } = thrown as Error & { code?: unknown; status?: unknown };
  if (typeof status === 'number' && status >= 300) return statusFault(upstream, status);
  if (typeof code === 'string') {
    if (unreachable.test(code)) {
      const hint = `${code}: is it running, and is its url right?`;
      return new Fault('upstream_unavailable', { upstream, hint }, thrown);
    }
    if (closed.test(code)) return new Fault('upstream_closed', { upstream, hint: message }, thrown);
    if (code.startsWith('HPE_')) return new Fault('upstream_garbage', { upstream, hint: `no HTTP: ${code}` }, thrown);
  }
  return httpFault(upstream, cause);
}

const unreachable =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|.*CERT.*)$/;
const closed =
  /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_ABORTED|UND_ERR_CLOSED|UND_ERR_DESTROYED|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)$/;
