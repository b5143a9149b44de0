import type { ManagedHost } from '../admin/managed-host.ts';
import { version } from '../core/version.ts';

/** Creates what the management API sees of a gateway. */
export function createManagedHost(): ManagedHost {
  const started = new Date().toISOString();
  return {
    status: () => ({ version, started, generation: 1 }),
  };
}
