#!/usr/bin/env node
/** The command `sallyport`: arguments, environment and signals only. */
import { readFile } from 'node:fs/promises';
import { enableCompileCache } from 'node:module';
import { check } from './command/check.ts';
import { grants } from './command/grants.ts';
import { lock } from './command/lock.ts';
import { type Command, helpText, parseCommand } from './command/parse-command.ts';
import { serve } from './command/serve.ts';
import { problemsAsJson, tellAll } from './command/tell.ts';
import { Faults, toFaults } from './core/fault.ts';

enableCompileCache();

async function run(command: Command): Promise<void> {
  if (command.name === 'help') return console.log(helpText);
  if (command.name === 'version') return console.log(await version());
  if (command.name === 'check') return console.log(await check(command));
  if (command.name === 'lock') return console.log(await lock(command));
  if (command.name === 'grants') return console.log(await grants(command));
  const stop = await serve(command);
  const end = (signal: NodeJS.Signals) => stop(signal).then(() => process.exit(0));
  process.once('SIGTERM', end).once('SIGINT', end);
}

async function version(): Promise<string> {
  const { version: text } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return text;
}

const wantsJson = process.argv.includes('--json');
try {
  await run(parseCommand(process.argv.slice(2)));
} catch (error) {
  const faults = toFaults(error);
  if (wantsJson) console.log(problemsAsJson(faults));
  else console.error(tellAll(faults));
  process.exit(new Faults(faults).exit);
}
