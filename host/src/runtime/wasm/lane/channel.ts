import { once } from 'node:events';
import process from 'node:process';
import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import type { Component } from '../compile/component.ts';
import type { FromLane, LaneData, LanePlugin, ToLane } from './message.ts';
import { MessageCount, Progress } from './shared-memory.ts';

/** The lane's end of the channel to the gateway. The lane is a thread of the gateway, or a process. */
export interface LaneChannel {
  readonly data: LaneData;
  send(message: FromLane): void;
  /** @param mayBlock whether the thread has nothing to do but what messages bring */
  listen(listener: (message: ToLane) => void, mayBlock: boolean): void;
}

/** Modules cannot be sent to another process, their bytes can. */
export type BinaryPlugin = Omit<LanePlugin, 'component'> & { readonly component: Omit<Component, 'modules'> };

/** The first message to a thread, which shares the modules and needs no bytes of them. */
export type ThreadData = Omit<LaneData, 'plugins'> & {
  readonly plugins: readonly ThreadPlugin[];
  readonly messages: SharedArrayBuffer;
};
type ThreadPlugin = Omit<LanePlugin, 'component'> & { readonly component: Omit<Component, 'binaries'> };

/** Opens the channel to the gateway and waits for the first message, which brings the plugins. */
export async function openChannel(): Promise<LaneChannel> {
  const port = parentPort;
  if (port !== null) {
    const [{ plugins, messages, ...shared }]: [ThreadData] = (await once(port, 'message')) as [ThreadData];
    return {
      data: { plugins: sharingGlue(plugins), ...shared },
      send: port.postMessage.bind(port),
      listen(listener, mayBlock) {
        port.on('message', mayBlock ? stayingAwake(listener, port, new MessageCount(messages)) : listener);
      },
    };
  }
  const plugins = await new Promise<readonly BinaryPlugin[]>(resolve => process.once('message', resolve));
  return {
    data: { plugins: plugins.map(withModules), number: 0, progress: new SharedArrayBuffer(Progress.bytes) },
    send: message => void process.send?.(message),
    listen: listener => void process.on('message', listener),
  };
}

/** How long a thread stays out of its event loop, whose timers and tasks wait meanwhile. */
const outOfLoopMs = 50;

/** Returns a listener that waits for further messages after each one, for a while, and blocks the thread meanwhile. */
const stayingAwake = (listener: (message: ToLane) => void, port: MessagePort, messages: MessageCount) => {
  return (first: ToLane): void => {
    listener(first);
    const endMs = performance.now() + outOfLoopMs;
    for (let leftMs = outOfLoopMs; leftMs > 0; leftMs = endMs - performance.now()) {
      const before = messages.read();
      const next: { readonly message: ToLane } | undefined = receiveMessageOnPort(port);
      if (next === undefined) messages.waitForMore(before, leftMs);
      else listener(next.message);
    }
  };
};

function withModules({ component: { binaries, ...component }, ...plugin }: BinaryPlugin): LanePlugin {
  const modules = new Map([...binaries].map(([name, bytes]) => [name, new WebAssembly.Module(bytes)]));
  return { ...plugin, component: { ...component, modules, binaries } };
}

/**
 * Keeps one copy of equal glue: plugins with the same interfaces have the same, and a message brings a copy for each.
 */
function sharingGlue(plugins: readonly ThreadPlugin[]): LanePlugin[] {
  const texts = new Map(plugins.map(({ component: { glue } }) => [glue, glue]));
  return plugins.map(({ component: { glue, ...component }, ...plugin }) => ({
    ...plugin,
    component: { ...component, glue: texts.get(glue) ?? glue, binaries: new Map() },
  }));
}
