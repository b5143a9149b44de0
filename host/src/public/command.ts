/** The commands of an operator: `serve`, `check`, `lock`, `grants`. */

export { check } from '../command/check.ts';
export { grants } from '../command/grants.ts';
export { lock } from '../command/lock.ts';
export { serve } from '../command/serve.ts';
