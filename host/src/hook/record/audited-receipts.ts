import type { Cancellation } from '../../core/canceller.ts';
import type { LateLine } from '../../core/line-queue.ts';
import type { Log } from '../../core/log.ts';
import type { Metrics } from '../../core/metrics.ts';
import type { SecretMask } from '../../core/secret-mask.ts';
import { openKey } from './keyed-hash.ts';
import { measure, ReceiptFormat } from './receipt-format.ts';
import type { HookCallRecord } from './receipt-line.ts';
import { countersIn, type ReceiptRecorder } from './receipt-log.ts';

/** The part of an audit trail that takes receipts. */
export interface ReceiptTrail {
  writeLater(line: LateLine): void;
  room(signal?: Cancellation): Promise<void> | undefined;
}

export interface AuditedReceiptsOptions {
  readonly trail: ReceiptTrail;
  /** The file with the key of the hashes, absolute. It is created if it is missing. */
  readonly keyFile: string;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly mask: SecretMask;
}

/**
 * Writes receipts into the audit trail, as events with the name `receipt`.
 * @throws Fault `receipts_unusable`
 */
export function createAuditedReceipts(options: AuditedReceiptsOptions): ReceiptRecorder {
  const { trail, keyFile, metrics, log, mask } = options;
  const format = new ReceiptFormat(openKey(keyFile), mask);
  const counted = countersIn(metrics);
  return {
    add(record: HookCallRecord) {
      const measured = measure(record);
      trail.writeLater({
        // A receipt without values takes room, too.
        characters: measured.characters + 512,
        format(dropped) {
          const line = format.line(measured, dropped, 'receipt');
          counted.written.add(1);
          return line;
        },
        unusable(error) {
          counted.dropped.add(1);
          log.error({ request: record.request, plugin: record.receipt.plugin, error }, 'a receipt is lost');
        },
      });
    },
    room: signal => trail.room(signal),
  };
}
