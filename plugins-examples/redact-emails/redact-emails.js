import { replaceText, transform } from '@sallyport/plugin';

// The part of an address after the @. Each piece is bounded, so that no text makes the search slow.
const domain = /(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}/y;
const localLength = 64;
const isLocal = new Uint8Array(0x10000);
for (const one of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+-') isLocal[one.charCodeAt(0)] = 1;

export const { lifecycle, dispatchHooks } = transform({
  defaults: { replacement: '[redacted]' },

  after(response, _context, { replacement }) {
    let count = 0;

    /** Searches outward from each @, because most text has none, which one fast search finds out. */
    function redact(text) {
      let at = text.indexOf('@');
      if (at === -1) return text;
      let redacted = '';
      let kept = 0;
      for (; at !== -1; at = text.indexOf('@', at + 1)) {
        const first = Math.max(kept, at - localLength);
        let start = at;
        while (start > first && isLocal[text.charCodeAt(start - 1)] === 1) start -= 1;
        domain.lastIndex = at + 1;
        if (start === at || !domain.test(text)) continue;
        redacted += text.slice(kept, start) + replacement;
        kept = domain.lastIndex;
        at = kept - 1;
        count += 1;
      }
      return kept === 0 ? text : redacted + text.slice(kept);
    }

    const outcome = replaceText(response, redact);
    if (count > 0) console.debug(`redacted ${count}`);
    return outcome;
  },
});
