import type { Status } from './answer/status.ts';

/** What the management API sees of the gateway. The host implements it. */
export interface ManagedHost {
  status(): Status;
}
