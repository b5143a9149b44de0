import { tryAt } from '../capability/try-at.ts';
import type { Config } from '../config/config.ts';
import { openKey } from '../hook/record/keyed-hash.ts';
import { openReceipts, ReceiptLog, type ReceiptLogOptions } from '../hook/record/receipt-log.ts';

/** Opens the log of receipts, if one is configured. @throws Fault `receipts_unusable` */
export function openReceiptLog(
  { receipts }: Pick<Config, 'receipts'>,
  shared: Pick<ReceiptLogOptions, 'metrics' | 'log' | 'mask'>,
): ReceiptLog | undefined {
  if (receipts === undefined) return undefined;
  const { file, key_file: keyFile, queue, when_full: whenFull } = receipts;
  return new ReceiptLog({ file, keyFile, queue, whenFull, ...shared });
}

/** Tries whether the log of receipts could be opened, and leaves nothing behind. @throws Faults `receipts_unusable` */
export function tryReceiptLog({ receipts }: Pick<Config, 'receipts'>): void {
  if (receipts === undefined) return;
  tryAt(receipts.key_file, { makesFolders: true }, openKey);
  tryAt(receipts.file, { makesFolders: false }, file => openReceipts(file).close());
}
