/** One event of a stream (HTML Living Standard § Server-sent events). */
export interface SseEvent {
  readonly event: string;
  readonly data: string;
}

/** The least milliseconds before a reconnection, or a server could make the gateway reconnect without a pause. */
const leastRetryMs = 100;

/**
 * Reads `text/event-stream`. Push text as it arrives, with or without a byte order mark: it calls `onEvent` for each
 * complete event that has data, and keeps the last event id and the reconnection time that the server asked for.
 */
export function createSseReader(onEvent: (event: SseEvent) => void) {
  let pieces: string[] = [];
  let data: string[] = [];
  let event = '';
  let isFirst = true;
  const state: { lastEventId?: string; retryMs?: number } = {};

  const setId = (id: string) => {
    if (id === '') delete state.lastEventId;
    else state.lastEventId = id;
  };

  const line = (text: string) => {
    if (text === '') {
      if (data.length > 0) onEvent({ event: event === '' ? 'message' : event, data: data.join('\n') });
      data = [];
      event = '';
      return;
    }
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(text.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1);
    if (field === 'data') data.push(value);
    else if (field === 'event') event = value;
    else if (field === 'id' && sendable.test(value)) setId(value);
    else if (field === 'retry' && /^\d{1,6}$/.test(value)) state.retryMs = Math.max(Number(value), leastRetryMs);
  };

  return {
    state,
    push(chunk: string) {
      if (chunk === '') return;
      const text = isFirst && chunk.charCodeAt(0) === byteOrderMark ? chunk.slice(1) : chunk;
      isFirst = false;
      pieces.push(text);
      // A line of megabytes arrives in many pieces: join them once.
      if (!text.includes('\n') && !text.includes('\r')) return;
      const all = pieces.join('');
      const find = all.includes('\r') ? lineEnd : lineFeed;
      let from = 0;
      for (let end = find(all, from); end >= 0; end = find(all, from)) {
        line(all.slice(from, end));
        from = all.charCodeAt(end) === 13 && all.charCodeAt(end + 1) === 10 ? end + 2 : end + 1;
      }
      pieces = from === all.length ? [] : [all.slice(from)];
    },
  };
}

/** An id that can be sent in the header `Last-Event-ID`: without control characters. */
const sendable = /^[^\p{Cc}]*$/u;

const byteOrderMark = 0xfeff;

const lineFeed = (text: string, from: number) => text.indexOf('\n', from);

/** Index of the next line break, or -1. A carriage return at the very end waits for what follows it. */
function lineEnd(text: string, from: number): number {
  const feed = text.indexOf('\n', from);
  const carriage = text.indexOf('\r', from);
  if (carriage < 0 || (feed >= 0 && feed < carriage)) return feed;
  return carriage === text.length - 1 ? -1 : carriage;
}
