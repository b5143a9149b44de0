import { setTimeout as delay } from 'node:timers/promises';
import { parseListen } from '../config/listen.ts';
import { fail, toFault } from '../core/fault.ts';
import { createLog, type Log } from '../core/log.ts';
import { saveCodeCache } from '../core/save-code-cache.ts';
import type { Host } from '../host/create-host.ts';
import type { StartCommand } from './command.ts';
import { openLock } from './open-lock.ts';
import { readConfig } from './read-config.ts';

/** Milliseconds that closing what was opened may take: beyond them the end of the process closes it. */
const closingMs = 5_000;

/**
 * `sallyport serve`. Yields what drains the gateway, closes everything and flushes the log. `signal` ends a start that is
 * not done: what was opened is closed again.
 * @throws Faults
 */
export async function serve(command: StartCommand, signal?: AbortSignal): Promise<(why: string) => Promise<void>> {
  const config = await readConfig(command.config);
  const log = createLog(config.log.level);
  const lock = await openLock(command, config, log);
  // Loaded only now: a refused config should be told of at once.
  const { createHost } = await import('../host/create-host.ts');
  const host = await unlessGivenUp(createHost(config, log, { lock, signal }), signal);
  const { url } = await host.server.listen(parseListen(config.listen) ?? fail('usage', { listen: config.listen }));
  log.info({ url, bindings: config.bindings.map(binding => binding.id) }, 'serving');
  const deaf = hearSignals(host, log);
  saveCodeCache();
  return async why => {
    log.info({ signal: why }, 'draining');
    await host.server.drain(config.limits.drain_ms);
    const closed = await within(
      closingMs,
      host[Symbol.asyncDispose]().then(() => true),
    );
    if (!closed) log.warn({ waited_ms: closingMs }, 'not everything could be closed in time');
    deaf();
    await within(closingMs, new Promise<void>(resolve => log.flush(() => resolve())));
  };
}

/**
 * Answers the signals that others send to have logs reopened, or out of habit. Left alone, SIGHUP and SIGUSR2 would
 * end the gateway in the middle of its calls. Yields what ends the hearing.
 */
function hearSignals(host: Host, log: Log): () => void {
  const reopen = () => {
    try {
      host.reopenFiles();
      log.info({ signal: 'SIGHUP' }, 'reopened the audit file; the log still goes to stderr');
    } catch (error) {
      const { code, message, hint } = toFault(error);
      log.error({ signal: 'SIGHUP', code, message, hint }, 'cannot reopen the audit file');
    }
  };
  const ignore = (signal: NodeJS.Signals) => log.info({ signal }, 'ignored a signal');
  process.on('SIGHUP', reopen).on('SIGUSR1', ignore).on('SIGUSR2', ignore);
  return () => void process.off('SIGHUP', reopen).off('SIGUSR1', ignore).off('SIGUSR2', ignore);
}

/** What is opened, unless it is given up: closing what was begun then has its time, and no more. @throws the signal's reason */
async function unlessGivenUp<T>(opening: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return opening;
  const givenUp = Promise.withResolvers<never>();
  const giveUp = () => void delay(closingMs).then(() => givenUp.reject(signal.reason));
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    if (signal.aborted) giveUp();
    return await Promise.race([opening, givenUp.promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** What `work` comes to; undefined when it takes longer. */
const within = <T>(ms: number, work: PromiseLike<T>): Promise<T | undefined> =>
  Promise.race([work, delay(ms, undefined)]);
