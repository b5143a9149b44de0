import type { HookRunner } from '../../../contract/hook-call.ts';
import type { LanesStatus } from '../../runtime.ts';

export type PoolStatus = Omit<LanesStatus, 'pool' | 'plugin'>;

/** Runs hook calls in lanes, and says how busy they are. */
export interface Pool extends HookRunner, AsyncDisposable {
  readonly status: PoolStatus;
}
