import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';

/** What a gateway finds on its machine. */
export interface Machine {
  readonly nodeVersion: string;
  /** The options of Node, those in NODE_OPTIONS included. */
  readonly nodeOptions: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cores: number;
  /** The number of files that may be open; undefined if unknown or unlimited. */
  readonly maxFiles: number | undefined;
  /** The bytes of address space that the process may have. */
  readonly maxAddressSpace: number | undefined;
  /** The bytes of memory that its control group may use. */
  readonly maxMemory: number | undefined;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Returns the bytes that are free where a file is or would be. */
  freeBytes(path: string): Promise<number>;
}

/** Describes this machine. */
export function readMachine(env: NodeJS.ProcessEnv = process.env): Machine {
  const limits = textOf('/proc/self/limits');
  return {
    nodeVersion: process.versions.node,
    nodeOptions: [...process.execArgv, ...(env.NODE_OPTIONS ?? '').split(/\s+/).filter(option => option !== '')],
    env,
    cores: availableParallelism(),
    maxFiles: numberIn(limits, /^Max open files +(\d+)/m),
    maxAddressSpace: numberIn(limits, /^Max address space +(\d+)/m),
    maxMemory: memoryOfGroup(),
    now: () => Date.now(),
    freeBytes,
  };
}

/** Reads the limit of the process's own control group and those above it. Without one, version 1 states a number beyond all memory. */
function memoryOfGroup(): number | undefined {
  const stated = process.constrainedMemory();
  return stated > 0 && stated < 2 ** 50 ? stated : undefined;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function numberIn(text: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Looks at the closest folder that exists. */
async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    const folder = dirname(path);
    if (folder === path) throw error;
    return freeBytes(folder);
  }
}
