/** The commands of an operator: `serve`, `check`, `lock`, `grants`, `key`. */

export { check } from '../command/check.ts';
export { grants } from '../command/grants.ts';
export { type ListedKey, listKeys, newKey, revokeKey } from '../command/key.ts';
export { lock } from '../command/lock.ts';
export { serve } from '../command/serve.ts';
