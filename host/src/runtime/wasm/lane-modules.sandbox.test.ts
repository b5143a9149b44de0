import { once } from 'node:events';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { watGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall } from '../../../../test/fixtures/hook-calls.ts';
import { documentedBlock } from '../../../../test/fixtures/markdown.ts';
import { openGuests } from '../../../../test/fixtures/sandboxed.ts';
import { laneSides } from '../../capability/lane-registry.ts';
import { capabilities } from '../../capability/registry.ts';
import { forkBoundChild } from '../../core/bound-child.ts';
import { ReadyThreads } from './pool/ready-threads.ts';
import { laneArguments } from './pool/thread-or-process.ts';

const program = new URL('./lane/worker.ts', import.meta.url);

/** Arguments of Node that have each module told, before the program is loaded. */
const telling = (send: string) => [
  '--import',
  `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module';
    import { workerData } from 'node:worker_threads';
    const send = ${send};
    registerHooks({
      resolve(specifier, context, next) {
        const found = next(specifier, context);
        send(found.url);
        return found;
      },
    });`)}`,
];

/** What a thread has loaded that has run a guest. */
async function loadedByThread(): Promise<string[]> {
  const { port1: told, port2: port } = new MessageChannel();
  const execArgv = telling('url => workerData.postMessage(url)');
  const watched = [new Worker(program, { execArgv, env: {}, workerData: port, transferList: [port] })];
  class WatchedThreads extends ReadyThreads {
    override take = () => watched.pop();
  }
  await using threads = new WatchedThreads(0);
  await using runner = await openGuests([{ bytes: await watGuest(guestDescriptor('plain')) }], { threads });
  const input = { stage: 'before' as const, context: callContext, value: toolCall({}), calls: calls('plain') };
  expect((await runner.run(input)).reports).toMatchObject([{ outcome: 'proceed' }]);
  return received(told);
}

function received(port: MessagePort): string[] {
  const urls: string[] = [];
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    urls.push(next.message);
  }
  port.close();
  return urls;
}

/** What a process has loaded that has its plugins: none. */
async function loadedByProcess(): Promise<string[]> {
  const restraints = [...laneArguments, ...telling('url => process.send({ url })')];
  const child = forkBoundChild(program, { restraints, stderr: 'ignore' });
  const exit = once(child, 'exit');
  const urls: string[] = [];
  child.send([]);
  await new Promise<void>(resolve => {
    child.on('message', (said: { url: string } | { type: string }) => {
      if ('url' in said) urls.push(said.url);
      else if (said.type === 'started') resolve();
    });
    void exit.then(() => resolve());
  });
  child.kill('SIGKILL');
  await exit;
  return urls;
}

/** Files of the two folders that are there for lanes go without saying; all else by its name, each once. */
const named = (urls: readonly string[]): string =>
  [
    ...new Set(
      urls.map(url =>
        url
          .replace(new URL('../..', import.meta.url).href, '')
          .replace(/^capability\/([\w-]+\/)?lane\b.*/, 'capability/**/lane*')
          .replace(/(?<=\/lane\/)[\w-]+\.ts$/, '*'),
      ),
    ),
  ]
    .toSorted()
    .map(line => `${line}\n`)
    .join('');

it.each([
  ['thread', loadedByThread],
  ['process', loadedByProcess],
])('[SBX-84] the %s of a lane loads what is documented, and nothing else', async (_, load) => {
  expect(named(await load())).toBe(documentedBlock('modules'));
});

it('[SBX-84] each capability has its side in lanes, and in the same order', () => {
  expect(capabilities.map(({ name }) => name)).toEqual(laneSides.map(({ name }) => name));
});
