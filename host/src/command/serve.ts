import { parseListen } from '../config/listen.ts';
import { fail } from '../core/fault.ts';
import { createLog } from '../core/log.ts';
import { saveCodeCache } from '../core/save-code-cache.ts';
import type { StartCommand } from './command.ts';
import { openLock } from './open-lock.ts';
import { readConfig } from './read-config.ts';

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
  const { createHost } = await import('../host.ts');
  const host = await createHost(config, log, { lock, signal });
  const { url } = await host.gateway.listen(parseListen(config.listen) ?? fail('usage', { listen: config.listen }));
  log.info({ url, bindings: config.bindings.map(binding => binding.id) }, 'serving');
  saveCodeCache();
  return async why => {
    log.info({ signal: why }, 'draining');
    await host.gateway.drain(config.limits.drain_ms);
    await host[Symbol.asyncDispose]();
    await new Promise<void>(resolve => log.flush(() => resolve()));
  };
}
