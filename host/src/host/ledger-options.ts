import type { Config } from '../config/config.ts';
import type { LedgerOptions } from '../ledger/open-ledger.ts';
import type { Rotation } from '../ledger/rotation.ts';

/** Returns how the lines of a file are chained and signed; undefined if they are not. */
export function ledgerOptions(
  { audit }: Pick<Config, 'audit'>,
  rotate: Rotation | undefined,
): LedgerOptions | undefined {
  const { tamper_evident: isTamperEvident, key_file: keyFile, checkpoint } = audit;
  return isTamperEvident ? { keyFile, checkpoint, rotate } : undefined;
}
