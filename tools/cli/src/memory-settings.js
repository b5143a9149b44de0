// JavaScript, because it runs before Node's TypeScript support is loaded.
import { accessSync, constants } from 'node:fs';

const youngGeneration = '--max-semi-space-size';
/**
 * Two semi-spaces of 8 MB. By default they grow to 64 MB each on a machine with much memory, and little of that is in
 * use at a time, because what a request allocates is garbage when it ends.
 */
const flag = `${youngGeneration}=8`;
/** By default, glibc keeps memory for each thread apart, and returns little of it. */
const allocator = { MALLOC_ARENA_MAX: '1' };

/**
 * Starts the gateway again in the same process, with settings of memory that Node and the C library read only when they
 * start. Does nothing for other commands, when the operator has set the size of the young generation, where a process
 * cannot be replaced, or when a parent waits for messages of this one.
 */
export function useMemorySettings() {
  const [node, program, command] = process.argv;
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''];
  const isSet = flags.some(each => each.replaceAll('_', '-').includes(youngGeneration));
  if (command !== 'serve' || isSet || process.execve === undefined || process.connected) return;
  try {
    // A program that cannot be executed would end this process.
    accessSync(process.execPath, constants.X_OK);
    const args = [node ?? process.execPath, ...process.execArgv, flag, program ?? '', ...process.argv.slice(2)];
    process.execve(process.execPath, args, { ...allocator, ...process.env });
  } catch {}
}
