import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { until } from '../../../test/fixtures/until.ts';
import { HttpReply } from './reply.ts';
import { Outbox } from './unread-answers.ts';

const MiB = 1024 * 1024;
const opened: Disposable[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const each of opened.splice(0).reverse()) each[Symbol.dispose]();
});

/** A server that answers with what the test does to a Reply, and a client that reads nothing until the test lets it. */
async function open(outbox: Outbox) {
  opened.push(outbox);
  const arrived: ((reply: HttpReply) => void)[] = [];
  const server = createServer((_, outgoing: ServerResponse) => {
    const reply = new HttpReply(outgoing, outbox);
    outgoing.on('close', () => reply.closed());
    arrived.shift()?.(reply);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  opened.push({ [Symbol.dispose]: () => void server.close().closeAllConnections() });
  const { port } = server.address() as AddressInfo;
  return async (): Promise<{ reply: HttpReply; socket: Socket; closed: Promise<void> }> => {
    const coming = new Promise<HttpReply>(resolve => arrived.push(resolve));
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.pause();
    opened.push({ [Symbol.dispose]: () => void socket.destroy() });
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    const closed = new Promise<void>(resolve => socket.on('close', () => resolve()));
    return { reply: await coming, socket, closed };
  };
}

const long = 'x'.repeat(30 * MiB);

describe('a client that does not read', () => {
  it('is cut off, and what waited for it is counted no more [GW-40]', async () => {
    const outbox = new Outbox(64 * MiB, 300);
    const { reply, socket, closed } = await (await open(outbox))();
    const cut: number[] = [];
    reply.request = { cutOff: waiting => cut.push(waiting) };
    reply.answer(200, long);
    expect(outbox.bytes).toBeGreaterThan(20 * MiB);
    await expect.poll(() => cut).toHaveLength(1);
    expect(cut[0]).toBeGreaterThan(20 * MiB);
    await expect.poll(() => outbox.bytes).toBe(0);
    socket.resume();
    await closed;
  });

  it('and one that reads slowly are told apart [GW-40]', async () => {
    // The test owns the outbox's clock, so that a slow machine does not look like a slow client.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    const patienceMs = 6_000;
    const outbox = new Outbox(64 * MiB, patienceMs);
    const { reply, socket } = await (await open(outbox))();
    reply.answer(200, long);
    let [read, pauses, waiting] = [0, 0, reply.waiting];
    for await (const chunk of socket) {
      read += chunk.length;
      if (read > long.length) break;
      if (reply.waiting === 0 || reply.waiting > waiting - 2 * MiB) continue;
      waiting = reply.waiting;
      pauses += 1;
      vi.advanceTimersByTime(0.8 * patienceMs);
    }
    expect(read).toBeGreaterThan(long.length);
    expect(pauses).toBeGreaterThan(3);
    await until(() => outbox.bytes === 0);
  });

  it('does not keep others from short answers, and from long ones when too much waits [GW-40]', async () => {
    const outbox = new Outbox(40 * MiB, 60_000);
    const connected = await open(outbox);
    const first = await connected();
    first.reply.answer(200, long);
    const second = await connected();
    expect(() => second.reply.answer(200, long)).toThrow(expect.objectContaining({ code: 'overloaded' }));
    second.reply.answer(200, '{"short":true}');
    const text = await new Promise<string>(resolve => second.socket.on('data', data => resolve(String(data))).resume());
    expect(text).toContain('{"short":true}');
    first.socket.destroy();
    await expect.poll(() => outbox.bytes).toBe(0);
    const third = await connected();
    expect(() => third.reply.answer(200, long)).not.toThrow();
  });

  it('is sent no long notification when too much waits [GW-40]', async () => {
    const outbox = new Outbox(40 * MiB, 60_000);
    const connected = await open(outbox);
    const [first, second] = [await connected(), await connected()];
    first.reply.answer(200, long);
    second.reply.notify(long);
    expect([second.reply.dropped, second.reply.waiting]).toEqual([1, 0]);
    second.reply.notify('{"short":true}');
    const text = await new Promise<string>(resolve => second.socket.on('data', data => resolve(String(data))).resume());
    expect(text).toContain('{"short":true}');
  });

  it('is sent no more than a mebibyte of notifications [GW-40]', async () => {
    const outbox = new Outbox(256 * MiB, 60_000);
    const { reply, socket } = await (await open(outbox))();
    const said = 'y'.repeat(10_000);
    for (let times = 0; times < 2_000; times += 1) {
      reply.notify(said);
      if (times % 100 === 0) await new Promise(setImmediate);
    }
    expect(reply.waiting).toBeLessThanOrEqual(MiB);
    expect(reply.dropped).toBeGreaterThan(0);
    let text = '';
    socket.on('data', data => {
      text += data;
    });
    socket.resume();
    reply.answer(200, '{"last":true}');
    await expect.poll(() => text).toContain('{"last":true}');
    expect(text.match(/event: message/g)).toHaveLength(2_001 - reply.dropped);
  });
});

it('arrives whole, whatever its length and characters [GW-40]', async () => {
  const outbox = new Outbox(256 * MiB);
  for (const text of ['{}', '€'.repeat(50_000), '𝄞'.repeat(300_001)]) {
    const { reply, socket } = await (await open(outbox))();
    const chunks: Buffer[] = [];
    socket.on('data', chunk => chunks.push(chunk));
    socket.resume();
    reply.answer(200, text);
    const whole = () => Buffer.concat(chunks).toString();
    await expect.poll(() => whole().length).toBeGreaterThan(text.length);
    await expect.poll(() => whole().endsWith(`\r\n\r\n${text}`)).toBe(true);
    expect(whole()).toContain(`content-length: ${Buffer.byteLength(text)}\r\n`);
  }
});

it('speaks up when nothing was sent for a while, and not when there was [GW-41]', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const { reply, socket } = await (await open(new Outbox(MiB)))();
  let text = '';
  socket.on('data', data => {
    text += data;
  });
  socket.resume();
  reply.breakSilence(60);
  for (let progress = 1; progress <= 5; progress += 1) {
    reply.notify(`{"progress":${progress}}`);
    await until(() => text.includes(`{"progress":${progress}}`));
    vi.advanceTimersByTime(60);
  }
  const pulses = () => text.match(/: still here\n\n/g)?.length ?? 0;
  for (const count of [1, 2]) {
    expect(pulses()).toBe(count - 1);
    vi.advanceTimersByTime(60);
    await until(() => pulses() === count);
  }
  reply.answer(503, '{"late":true}');
  vi.advanceTimersByTime(600);
  await until(() => text.endsWith('0\r\n\r\n'));
  expect(text).toContain('event: message\ndata: {"late":true}\n\n');
  expect(text).toContain('HTTP/1.1 200 OK');
  expect(pulses()).toBe(2);
});
