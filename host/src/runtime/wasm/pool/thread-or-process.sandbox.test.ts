import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { FromLane } from '../lane/message.ts';
import { Progress } from '../lane/shared-memory.ts';
import { startLaneThread } from './thread-or-process.ts';

/** A chain without calls. */
const nothing = {
  text: '[[1, 0, "before", {}, {"tag": "tool-call", "val": {"name": "", "arguments": ""}}]]',
  lists: [],
};

/** A thread without plugins that has run something, and waits for its next message. */
async function waitingThread() {
  const thread = startLaneThread({ plugins: [], number: 0, progress: new SharedArrayBuffer(Progress.bytes) });
  let answered: (message: FromLane) => void = () => {};
  thread.onMessage(message => answered(message));
  const next = () =>
    new Promise<FromLane>(resolve => {
      answered = resolve;
    });
  const run = () => {
    thread.send({ type: 'run', jobs: { ...nothing, whole: [] } });
    return next();
  };
  await next();
  await run();
  return { thread, run };
}

it.each([0, 20, 200])('[SBX-110] is measured and ended, %s ms after its last message', async ms => {
  const { thread } = await waitingThread();
  await delay(ms);
  expect(await thread.cpuMs()).toBeGreaterThan(0);
  await thread.terminate();
});

it('[SBX-110] uses no CPU while it waits', async () => {
  const { thread } = await waitingThread();
  const before = (await thread.cpuMs()) ?? 0;
  await delay(500);
  expect(((await thread.cpuMs()) ?? 0) - before).toBeLessThan(100);
  await thread.terminate();
});

it.each([0, 20, 49, 50, 51, 200])('[SBX-110] answers a message %s ms after the last one', async ms => {
  const { thread, run } = await waitingThread();
  for (let message = 0; message < 3; message += 1) {
    await delay(ms);
    expect(await run()).toMatchObject({ type: 'done', results: { text: '[[1,[],[]]]' } });
  }
  await thread.terminate();
});
