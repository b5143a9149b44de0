#!/usr/bin/env node
/** The command `sallyport`: arguments, environment and signals only. */
import { useCodeCache } from '@sallyport/host/core/code-cache';

useCodeCache();
// Threads for files, signatures and names; half of them at most wait for name servers, of which some are silent.
process.env.UV_THREADPOOL_SIZE ??= '16';
// Imported only now: what is loaded before that is not in the cache.
const { runCommand } = await import('../src/run.ts');
const { processTerminal } = await import('../src/terminal.ts');

const controller = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => controller.abort(name));
const { signal } = controller;
process.exitCode = await runCommand(process.argv.slice(2), {
  terminal: processTerminal(signal),
  env: process.env,
  signal,
});
// A question that nobody answered any more would keep the process.
if (signal.aborted) process.exit();
