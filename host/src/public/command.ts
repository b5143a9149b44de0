/** The commands of an operator: `serve`, `check`, `doctor`, `lock`, `grants`, `key`, `account`, `audit`, `admin`. */

export { type AccountReport, listAccounts, revokeAccounts } from '../command/account.ts';
export { adminPlace } from '../command/admin-place.ts';
export {
  auditKey,
  readAudit,
  type Verification,
  verifyAudit,
} from '../command/audit.ts';
export { check } from '../command/check.ts';
export { doctor } from '../command/doctor.ts';
export { grants } from '../command/grants.ts';
export { type ListedKey, listKeys, newKey, revokeKey } from '../command/key.ts';
export { lock } from '../command/lock.ts';
export { serve } from '../command/serve.ts';
