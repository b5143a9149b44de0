#!/usr/bin/env node
/** The command `sallyport`: arguments, environment and signals only. */
import { useCodeCache } from '@sallyport/host/code-cache';
import { useMemorySettings } from '../src/memory-settings.js';

useMemorySettings();
// Node would answer it by opening its debugger to every user of this machine. Nobody means that, nor to end by SIGUSR2.
for (const name of ['SIGUSR1', 'SIGUSR2']) process.on(name, () => {});
useCodeCache();
// Threads for files, signatures and names; half of them at most wait for name servers, of which some are silent.
process.env.UV_THREADPOOL_SIZE ??= '16';
// Imported only now: what is loaded before that is not in the cache.
const { runCommand } = await import('../src/run.ts');
const { processTerminal } = await import('../src/terminal.ts');

const controller = new AbortController();
const { signal } = controller;
for (const [name, number] of Object.entries({ SIGINT: 2, SIGTERM: 15 })) {
  process.on(name, () => {
    // A second signal means that the user does not want to wait for an orderly end.
    if (signal.aborted) process.exit(128 + number);
    controller.abort(name);
  });
}
process.exitCode = await runCommand(process.argv.slice(2), {
  terminal: processTerminal(signal),
  env: process.env,
  signal,
});
// A question that nobody answered any more would keep the process.
if (signal.aborted) process.exit();
