#!/usr/bin/env node
/** The command `sallyport`: arguments, environment and signals only. */
import { enableCompileCache } from 'node:module';
import { runCommand } from './run.ts';
import { processTerminal } from './terminal.ts';

enableCompileCache();

const controller = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort(name));
const { signal } = controller;
process.exitCode = await runCommand(process.argv.slice(2), {
  terminal: processTerminal(signal),
  env: process.env,
  signal,
});
// A question that nobody answered any more would keep the process.
if (signal.aborted) process.exit();
