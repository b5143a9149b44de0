import {
  type AccountReport,
  listAccounts as list,
  type RemovedAccount,
  removeAccounts,
} from '../host/account-removal.ts';
import type { AccountCommand, RevokeAccountCommand } from './command.ts';
import { readConfig } from './read-config.ts';

export type { AccountReport };

/** Runs `sallyport account list`: lists the accounts that users have connected, without their tokens. @throws Faults */
export const listAccounts = async ({ config }: AccountCommand): Promise<readonly AccountReport[]> =>
  list(await readConfig(config));

/** Runs `sallyport account revoke`. A running gateway uses the account no more after five seconds. @throws Faults */
export const revokeAccounts = async ({ config, ...choice }: RevokeAccountCommand): Promise<readonly RemovedAccount[]> =>
  removeAccounts(await readConfig(config), choice);
