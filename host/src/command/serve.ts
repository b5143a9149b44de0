import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { parseListen } from '../config/listen.ts';
import { fail, toFault } from '../core/fault.ts';
import { createLog, type Log, silentLog } from '../core/log.ts';
import { saveCodeCache } from '../core/save-code-cache.ts';
import type { Host } from '../host/create-host.ts';
import { refuseChanges } from '../host/reload/refuse-changes.ts';
import type { Lock } from '../lockfile/check-pins.ts';
import type { Plugin } from '../plugin/plugin.ts';
import { assumedConfig } from './assumed-config.ts';
import type { ServeCommand } from './command.ts';
import { openLock } from './open-lock.ts';
import { readConfig } from './read-config.ts';
import { ReadFiles } from './reload/read-files.ts';
import { Reloader } from './reload/reloader.ts';

/** How long closing may take, in milliseconds, before the process ends anyway. */
const closingMs = 5_000;

/**
 * Runs `sallyport serve`. Returns a function that drains the gateway, closes everything and flushes the log. `signal`
 * aborts a start that has not finished, and what was opened is closed again.
 * @throws Faults
 */
export async function serve(command: ServeCommand, signal?: AbortSignal): Promise<(why: string) => Promise<void>> {
  const { assumed } = command;
  const files = new ReadFiles();
  const config = assumed === undefined ? await readConfig(command.config, { files }) : await assumedConfig(assumed);
  const log = createLog(config.log.level);
  const lock = assumed === undefined ? await openLock(command, config, log) : undefined;
  // Loaded only now, so that an invalid configuration is reported at once.
  const { createHost } = await import('../host/create-host.ts');
  const host = await openUnlessAborted(createHost(config, { log, lock, signal }), signal);
  const { url } = await host.server.listen(parseListen(config.listen) ?? fail('usage', { listen: config.listen }));
  if (assumed !== undefined) {
    const tools = config.upstreams.map(({ id, openapi }) =>
      openapi === undefined ? id : `${id}: ${openapi.document}`,
    );
    log.warn(
      { upstreams: tools },
      'without a configuration file: anyone on this machine may call everything, no plugins run',
    );
  }
  log.info({ url, bindings: config.bindings.map(binding => binding.id) }, 'serving');
  const { adminUrl } = host.server;
  if (adminUrl !== undefined) log.info({ url: `${adminUrl}/admin` }, 'serving the management API');
  const reloader =
    assumed === undefined
      ? new Reloader({ command, host, check: checkLater, files, watches: command.watch, log })
      : undefined;
  if (reloader !== undefined) host.reloadWith(request => reloader.reload(request));
  const stopHandling = handleSignals({ host, reloader, log });
  saveCodeCache();
  return async why => {
    log.info({ signal: why }, 'draining');
    await within(closingMs, reloader?.[Symbol.asyncDispose]());
    await host.server.drain(host.config.limits.drain_ms);
    const closed = await within(
      closingMs,
      host[Symbol.asyncDispose]().then(() => true),
    );
    if (!closed) log.warn({ waited_ms: closingMs }, 'not everything could be closed in time');
    stopHandling();
    await within(closingMs, new Promise<void>(resolve => log.flush(() => resolve())));
  };
}

/** Finds everything that a reload would refuse. The code for it is loaded when it is needed. @throws Faults */
async function checkLater(before: Config, next: Config, lock: Lock, signal: AbortSignal): Promise<readonly Plugin[]> {
  const { checkAll } = await import('../host/check-all.ts');
  refuseChanges(before, next);
  return checkAll(next, silentLog(), lock, signal);
}

interface Signalled {
  readonly host: Host;
  /** Absent if there is no file to read again. */
  readonly reloader: Reloader | undefined;
  readonly log: Log;
}

/**
 * Handles the signals that log rotation and habit send. By default, SIGHUP and SIGUSR2 would end the gateway in the
 * middle of its calls. Returns a function that stops handling them.
 */
function handleSignals({ host, reloader, log }: Signalled): () => void {
  const hangUp = () => {
    try {
      host.reopenFiles();
      log.info({ signal: 'SIGHUP' }, 'reopened the files of audit and receipts; the log still goes to stderr');
    } catch (error) {
      const { code, message, hint } = toFault(error);
      log.error({ signal: 'SIGHUP', code, message, hint }, 'cannot reopen the files of audit and receipts');
    }
    reloader?.trigger('SIGHUP');
  };
  const ignore = (signal: NodeJS.Signals) => log.info({ signal }, 'ignored a signal');
  process.on('SIGHUP', hangUp).on('SIGUSR1', ignore).on('SIGUSR2', ignore);
  return () => void process.off('SIGHUP', hangUp).off('SIGUSR1', ignore).off('SIGUSR2', ignore);
}

/** Waits for what opens. After an abort, what was opened has limited time to close. @throws the signal's reason */
async function openUnlessAborted<T>(opening: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return opening;
  const aborted = Promise.withResolvers<never>();
  const abort = () => void delay(closingMs).then(() => aborted.reject(signal.reason));
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    return await Promise.race([opening, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Returns the result of `work`, or undefined if it takes longer. */
const within = <T>(ms: number, work: T | PromiseLike<T>): Promise<T | undefined> =>
  Promise.race([work, delay(ms, undefined)]);
