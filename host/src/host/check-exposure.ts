import type { Config } from '../config/config.ts';
import { identityMissing } from '../config/section/identity.ts';
import { fail } from '../core/fault.ts';
import { isLoopback } from '../core/loopback.ts';
import type { Authenticate } from '../identity/scheme.ts';

/**
 * Checks that callers are identified where other machines can reach the gateway. The configuration was checked for its own
 * address, which is not that of a program that chooses one.
 * @throws Fault `config_invalid`
 */
export function checkExposure(host: string, { identity }: Config, schemes: readonly Authenticate[]): void {
  if (identity !== undefined || schemes.length > 0 || isLoopback(host)) return;
  fail('config_invalid', { path: 'identity', ...identityMissing });
}
