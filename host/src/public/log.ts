/** The log of the gateway, and the form of receipts. */

export { createLog, silentLog } from '../core/log.ts';
export { receiptJsonSchema } from '../hook/record/receipt-schema.ts';
