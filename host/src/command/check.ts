import { silentLog } from '../core/log.ts';
import type { StartCommand } from './command.ts';
import { openLock } from './open-lock.ts';
import { readConfig } from './read-config.ts';

/**
 * Runs `sallyport check`: finds everything that a start would refuse. Returns what it prints; `signal` aborts it.
 * @throws Faults
 */
export async function check(command: StartCommand, signal?: AbortSignal): Promise<string> {
  const config = await readConfig(command.config);
  const lock = await openLock(command, config, silentLog());
  // Loaded only now, so that an invalid configuration is reported at once.
  const { checkAll, commandFaults } = await import('../host/check-all.ts');
  const { summaryOf } = await import('../host/load-all.ts');
  for (const { details, hint } of await commandFaults(config.upstreams.filter(({ required }) => !required))) {
    console.error(`warning: upstream ${details.upstream}: ${hint}`);
  }
  const summaries = (await checkAll(config, silentLog(), lock, signal)).map(summaryOf);
  if (command.json) return JSON.stringify({ ok: true, plugins: summaries });
  const lines = summaries.map(
    ({ plugin, version, digest, granted, tags = [] }) =>
      `${plugin} ${version} ${digest} verified, granted: ${granted.join(', ') || 'nothing'}${tags.length > 0 ? `, tags: ${tags.join(', ')}` : ''}`,
  );
  return [...lines, `${command.config}: OK`].join('\n');
}
