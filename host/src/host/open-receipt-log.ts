import type { AuditTrail } from '../capability/audit/audit-trail.ts';
import { tryAt } from '../capability/try-at.ts';
import type { Config } from '../config/config.ts';
import { createAuditedReceipts } from '../hook/record/audited-receipts.ts';
import { openKey } from '../hook/record/keyed-hash.ts';
import { ReceiptLog, type ReceiptLogOptions, type ReceiptRecorder, tryReceipts } from '../hook/record/receipt-log.ts';
import { ledgerOptions } from './ledger-options.ts';

/** Records each hook call, in a file of its own or in the audit trail. */
export interface OpenedReceipts {
  readonly recorder: ReceiptRecorder;
  /** Present for a file of its own. */
  readonly file?: ReceiptLog;
}

/** Opens what receipts are written to, if they are configured. @throws Fault `receipts_unusable` */
export function openReceipts(
  config: Pick<Config, 'receipts' | 'audit'>,
  shared: Pick<ReceiptLogOptions, 'metrics' | 'log' | 'mask'>,
  { writeLater, room }: AuditTrail,
): OpenedReceipts | undefined {
  const { receipts } = config;
  if (receipts === undefined) return undefined;
  const { file, rotate, key_file: keyFile, queue, when_full: whenFull } = receipts;
  if (file !== undefined) {
    const log = new ReceiptLog({ file, ledger: ledgerOptions(config, rotate), keyFile, queue, whenFull, ...shared });
    return { recorder: log, file: log };
  }
  if (writeLater === undefined || room === undefined) return undefined;
  return { recorder: createAuditedReceipts({ trail: { writeLater, room }, keyFile, ...shared }) };
}

/** Tries whether receipts could be written, and leaves nothing behind. @throws Faults `receipts_unusable` */
export function tryReceiptLog({ receipts }: Pick<Config, 'receipts'>): void {
  if (receipts === undefined) return;
  tryAt(receipts.key_file, { makesFolders: true }, openKey);
  if (receipts.file !== undefined) tryAt(receipts.file, { makesFolders: false }, tryReceipts);
}
