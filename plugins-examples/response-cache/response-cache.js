import * as context from 'sallyport:plugin/context@0.1.0';
import * as kv from 'sallyport:plugin/kv-store@0.1.0';
import { proceed, sha256, transform } from '@sallyport/plugin';

export const { lifecycle, dispatchHooks } = transform({
  defaults: { tools: [], ttl_seconds: 60, per_subject: true },

  before(request, { upstream, subject }, { tools, per_subject }) {
    if (request.tag !== 'tool-call' || !tools.includes(request.val.name)) return proceed;
    // The store itself separates tenants.
    const who = per_subject ? (subject ?? null) : null;
    const key = sha256(JSON.stringify([upstream, request.val.name, request.val.arguments, who]));
    const val = attempt(() => kv.get(key));
    if (val != null) {
      console.debug('answered from the store');
      return { tag: 'respond', val: JSON.parse(new TextDecoder().decode(val)) };
    }
    // For the after hook, which answers from the store pass too: they are not stored again, so they still expire.
    context.set('key', key);
    return proceed;
  },

  after(response, _context, { ttl_seconds }) {
    const key = context.get('key');
    if (key != null && response.tag === 'tool-result' && isWhole(response.val)) {
      attempt(() => kv.set(key, new TextEncoder().encode(JSON.stringify(response)), BigInt(ttl_seconds) * 1000n));
    }
    return proceed;
  },
});

/** Whether a result can be stored: errors are requested again, and hidden content cannot be stored. */
const isWhole = ({ content, isError }) => !isError && content.every(({ tag }) => tag === 'text' || tag === 'json');

/** Calls the store. If it is full or fails, the call continues as without a cache. */
function attempt(use) {
  try {
    return use();
  } catch (error) {
    console.warn('the store:', error.payload?.tag ?? error.message, error.payload?.val ?? '');
    return undefined;
  }
}
