/** The commands of an operator: `serve`, `check`, `lock`, `grants`, `key`, `account`. */

export { type AccountReport, listAccounts, revokeAccounts } from '../command/account.ts';
export { check } from '../command/check.ts';
export { grants } from '../command/grants.ts';
export { type ListedKey, listKeys, newKey, revokeKey } from '../command/key.ts';
export { lock } from '../command/lock.ts';
export { serve } from '../command/serve.ts';
