/** The log of the gateway. */

export { createLog, silentLog } from '../core/log.ts';
