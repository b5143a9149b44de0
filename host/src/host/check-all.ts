import { tryFacilities } from '../capability/open-facilities.ts';
import type { Config, UpstreamConfig } from '../config/config.ts';
import { Fault, Faults, toFaults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import { masked } from '../core/masked.ts';
import { proxyFromEnvironment } from '../core/proxy.ts';
import type { Lock } from '../lockfile/check-pins.ts';
import type { Plugin } from '../plugin/plugin.ts';
import { commandProblem } from '../upstream/mcp/command-problem.ts';
import { loadAll, runtimeOf } from './load-all.ts';
import { facilityOptions, loadBeside } from './load-beside.ts';
import { tryReceiptLog } from './open-receipt-log.ts';
import { checkDocuments } from './open-upstreams.ts';
import { tryCredentials } from './try-credentials.ts';

/**
 * Does everything that a start does before something runs: loads all plugins, opens or tries what their capabilities
 * need, and looks for the commands of upstreams. Leaves nothing open. `signal` aborts it.
 * @throws Faults: every problem at once
 */
export async function checkAll(
  config: Config,
  log: Log,
  lock?: Lock,
  signal?: AbortSignal,
): Promise<readonly Plugin[]> {
  return masked(config.mask, async () => {
    const missing = await commandFaults(config.upstreams.filter(({ required }) => required));
    const plugins = checkPlugins(config, log, lock, signal);
    const [checked, ...others] = await Promise.allSettled([
      plugins,
      (async () => proxyFromEnvironment())(),
      (async () => tryReceiptLog(config))(),
      ...checkDocuments(config, log, signal),
    ]);
    const refused = [checked, ...others].flatMap(each => (each.status === 'rejected' ? toFaults(each.reason) : []));
    if (checked.status === 'fulfilled' && missing.length + refused.length === 0) return checked.value;
    throw new Faults([...missing, ...refused]);
  });
}

/** Returns what is known beforehand to prevent these upstreams from being started or reached. */
export async function commandFaults(upstreams: readonly UpstreamConfig[]): Promise<readonly Fault[]> {
  const problems = await Promise.all(
    upstreams.map(async ({ id, stdio }) => {
      const hint = stdio && (await commandProblem(stdio));
      return hint === undefined ? [] : [new Fault('upstream_unavailable', { upstream: id, hint })];
    }),
  );
  return problems.flat();
}

/** @throws Faults */
async function checkPlugins(config: Config, log: Log, lock?: Lock, signal?: AbortSignal): Promise<readonly Plugin[]> {
  const options = facilityOptions(config, log, config.mask);
  const { plugins, facilities } = await loadBeside(() => tryFacilities(options), loadAll(config, log, lock, signal));
  await using _facilities = facilities;
  tryCredentials(config, facilities.secrets, log);
  await runtimeOf(config, log).check(
    plugins.map(plugin => plugin.prepared),
    facilities,
  );
  return plugins;
}
