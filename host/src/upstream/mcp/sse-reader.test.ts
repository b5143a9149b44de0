import { expect, it } from 'vitest';
import { createSseReader, type SseEvent } from './sse-reader.ts';

const read = (text: string, size: number) => {
  const events: SseEvent[] = [];
  const reader = createSseReader(event => events.push(event));
  for (let at = 0; at < text.length; at += size) reader.push(text.slice(at, at + size));
  return { events, ...reader.state };
};

it.each([
  { what: 'one event', text: 'data: a\n\n', events: [{ event: 'message', data: 'a' }] },
  { what: 'carriage returns', text: 'data: a\r\n\r\ndata: b\r\rdata: c\n\n', events: ['a', 'b', 'c'] },
  { what: 'data of several lines', text: 'data: a\ndata:b\ndata\n\n', events: ['a\nb\n'] },
  { what: 'a name', text: 'event: ping\ndata: 1\n\ndata: 2\n\n', events: [{ event: 'ping', data: '1' }, '2'] },
  { what: 'comments and unknown fields', text: ': hello\nx: y\ndata: a\n\n', events: ['a'] },
  { what: 'an event without data', text: 'event: nothing\n\ndata: a\n\n', events: ['a'] },
  { what: 'a byte order mark', text: '\ufeffdata: a\n\ndata: \ufeffb\n\n', events: ['a', '\ufeffb'] },
  { what: 'an event that is cut off', text: 'data: a\n\ndata: b\n', events: ['a'] },
])('reads $what, in one piece and in pieces', ({ text, events }) => {
  const expected = events.map(event => (typeof event === 'string' ? { event: 'message', data: event } : event));
  for (const size of [1, 2, 3, 7, text.length]) expect(read(text, size).events).toEqual(expected);
});

it.each([
  { what: 'one that was taken back', text: 'id: 1\ndata: a\n\nid\ndata: b\n\n', lastEventId: undefined },
  { what: 'one that no header can hold', text: 'id: 1\ndata: a\n\nid: 2\u0001\ndata: b\n\n', lastEventId: '1' },
])('does not remember $what as the last id', ({ text, lastEventId }) => {
  expect(read(text, 4).lastEventId).toBe(lastEventId);
});

it('remembers where and when to take the stream up again', () => {
  const text = 'id: 1\ndata: a\n\nid: 2\nretry: 250\nretry: soon\ndata:\n\n';
  expect(read(text, 4)).toMatchObject({ lastEventId: '2', retryMs: 250 });
});

it('waits before a new try, whatever the server wishes [UP-29]', () => {
  expect(read('retry: 0\n\n', 4)).toMatchObject({ retryMs: 100 });
});
