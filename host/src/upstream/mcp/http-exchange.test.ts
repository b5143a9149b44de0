import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { HttpExchange } from './http-exchange.ts';

/** An exchange of this media type, on a connection that records when it is paused and resumed. */
function open(type: string) {
  const calls: string[] = [];
  const controller = {
    ...{ aborted: false, paused: false, reason: null, rawHeaders: null, rawTrailers: null },
    abort: () => void calls.push('abort'),
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
  };
  const exchange = new HttpExchange({ onEvent() {}, onEnd() {}, onError() {} }, 1024 * 1024);
  exchange.onRequestStart(controller);
  exchange.onResponseStart(controller, 200, { 'content-type': type });
  const receive = (bytes: number) => {
    const event = Buffer.from(`data: ${'x'.repeat(1_016)}\n\n`);
    for (let left = bytes; left > 0; left -= event.length) exchange.onResponseData(controller, event);
  };
  return { calls, exchange, receive };
}

it('lets other connections have their turn while a server floods a stream of events [UP-29]', async () => {
  const { calls, receive } = open('text/event-stream');
  receive(60 * 1024);
  expect(calls).toEqual([]);
  receive(4 * 1024);
  expect(calls).toEqual(['pause']);
  await turn();
  expect(calls).toEqual(['pause', 'resume']);
  receive(64 * 1024);
  await turn();
  expect(calls).toEqual(['pause', 'resume', 'pause', 'resume']);
});

it('does not resume by itself while the caller makes the server wait [UP-22]', async () => {
  const { calls, exchange, receive } = open('text/event-stream');
  receive(64 * 1024);
  exchange.pause();
  await turn();
  expect(calls).toEqual(['pause', 'pause']);
  exchange.resume();
  expect(calls.at(-1)).toBe('resume');
});

it('reads a plain body without a pause', () => {
  const { calls, receive } = open('application/json');
  receive(256 * 1024);
  expect(calls).toEqual([]);
});
