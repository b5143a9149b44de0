#!/usr/bin/env node
/** The command `sallyport`: arguments, environment and signals only. */
import { readFile } from 'node:fs/promises';
import { enableCompileCache } from 'node:module';
import { grantsSchema } from './capability/index.ts';
import { type Command, helpText, parseCommand } from './command.ts';
import { parseListen } from './config/listen.ts';
import { loadConfig } from './config/load-config.ts';
import { type Fault, Faults, fail, toFaults } from './core/fault.ts';
import { createLog, silentLog } from './core/log.ts';

enableCompileCache();

async function run(command: Command): Promise<void> {
  if (!('config' in command)) return console.log(command.name === 'help' ? helpText : await version());
  const config = await loadConfig(command.config, {
    grants: grantsSchema,
    warn: ({ line, column, path, message }) =>
      console.error(`warning: ${command.config}:${line}:${column}: ${path}: ${message}`),
  });
  if (!config.require_signed_plugins)
    console.error('warning: require_signed_plugins is false: plugins that nobody vouches for may run');
  // Loaded only now: a refused config should be told of at once.
  const { createHost, loadAll, summaryOf } = await import('./host.ts');
  if (command.name === 'check') {
    const plugins = await loadAll(config, silentLog());
    const summaries = plugins.map(summaryOf);
    if (command.json) return console.log(JSON.stringify({ ok: true, plugins: summaries }));
    for (const each of summaries)
      console.log(
        `${each.plugin} ${each.version} ${each.digest} verified, granted: ${each.granted.join(', ') || 'nothing'}`,
      );
    return console.log(`${command.config}: nothing to refuse`);
  }
  const log = createLog(config.log.level);
  const host = await createHost(config, log);
  const { url } = await host.gateway.listen(parseListen(config.listen) ?? fail('usage', { listen: config.listen }));
  log.info({ url, bindings: config.bindings.map(binding => binding.id) }, 'serving');
  const stop = async (signal: NodeJS.Signals) => {
    log.info({ signal }, 'draining');
    await host.gateway.drain(config.limits.drain_ms);
    await host[Symbol.asyncDispose]();
    log.flush(() => process.exit(0));
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}

/** For people: the place and what is wrong, then what to do. */
const tell = (fault: Fault): string => `${fault.message}\n  → ${fault.hint}`;

/** For machines. */
const problemOf = (fault: Fault) => ({ code: fault.code, message: fault.message, ...fault.details, hint: fault.hint });

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
  if (wantsJson) console.log(JSON.stringify({ ok: false, problems: faults.map(problemOf) }));
  else console.error(faults.map(tell).join('\n\n'));
  process.exit(new Faults(faults).exit);
}
