import { parentPort, workerData } from 'node:worker_threads';
import type { Component } from '../compile.ts';
import type { FromLane, LaneData, LanePlugin, ToLane } from './message.ts';
import { Progress } from './progress.ts';

/** Where a lane runs, seen from within: a thread of the gateway, or a process of its own. */
export interface Seat {
  readonly data: LaneData;
  send(message: FromLane): void;
  listen(listener: (message: ToLane) => void): void;
}

/** Modules cannot be sent to another process, their bytes can. */
export type BinaryPlugin = Omit<LanePlugin, 'component'> & { readonly component: Omit<Component, 'modules'> };

/** Takes the seat that the gateway prepared. In a process, the first message brings the plugins. */
export async function takeSeat(): Promise<Seat> {
  const port = parentPort;
  if (port !== null) {
    return {
      data: workerData as LaneData,
      send: message => port.postMessage(message),
      listen: listener => void port.on('message', listener),
    };
  }
  const plugins = await new Promise<readonly BinaryPlugin[]>(resolve => process.once('message', resolve));
  return {
    data: { plugins: plugins.map(withModules), progress: new SharedArrayBuffer(Progress.bytes) },
    send: message => void process.send?.(message),
    listen: listener => void process.on('message', listener),
  };
}

function withModules({ component: { binaries, ...component }, ...plugin }: BinaryPlugin): LanePlugin {
  const modules = new Map([...binaries].map(([name, bytes]) => [name, new WebAssembly.Module(bytes)]));
  return { ...plugin, component: { ...component, modules, binaries } };
}
