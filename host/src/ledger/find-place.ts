import type { Opened } from '../core/opened-file.ts';
import { readHead } from './head.ts';
import type { Continued } from './ledger.ts';
import { PublicKeys } from './read-checkpoint.ts';
import type { Place } from './sealed-line.ts';
import type { SigningKey } from './signing-key.ts';
import { readTail } from './tail.ts';

/** Where a process continues a file, and what its first line states. */
export interface FoundPlace {
  readonly event: 'audit.opened' | 'audit.resumed';
  /** The last line before; undefined if a chain begins. */
  readonly place: Place | undefined;
  readonly found: Omit<Continued, 'place' | 'file'>;
}

/**
 * Finds where the chain of a file ends: at the last line that holds, or at the one in `.head`, if its number is higher.
 * Without any that holds, a chain begins.
 * @param report is called with what could not be verified
 * @throws the system's error
 */
export function findPlace(
  { path, isRegular }: Pick<Opened, 'path' | 'isRegular'>,
  key: SigningKey,
  report: (found: string) => void = () => {},
): FoundPlace {
  if (!isRegular) return { event: 'audit.opened', place: undefined, found: {} };
  const keys = new PublicKeys();
  keys.add(key.publicKey);
  const stored = readHead(path, keys);
  const head = stored === 'invalid' ? undefined : stored;
  const { last, stray, isBroken } = readTail(path, keys, head);
  const place = furthest(last, head);
  const isHeadBroken = place === undefined && stored === 'invalid';
  const broken = isBroken ? 'file' : isHeadBroken ? 'head' : undefined;
  const goesOn = place === undefined ? 'a new chain begins' : `the chain continues after ${place.seq}`;
  if (broken === 'file') report(`no line at its end could be verified; ${goesOn}`);
  if (broken === 'head') report(`${path}.head could not be verified; ${goesOn}`);
  const torn = stray?.canBeTorn === true ? stray.describe() : undefined;
  // An older gateway may have written what stands before the first line of a chain.
  const foreign = torn === undefined && last !== undefined ? stray?.describe() : undefined;
  if (foreign !== undefined) {
    report(`${foreign.bytes} bytes after the line with the number ${last?.seq} are not of the chain; ${goesOn}`);
  }
  const event = last === undefined ? 'audit.opened' : 'audit.resumed';
  return { event, place, found: { torn, foreign, broken } };
}

/** Returns the place with the higher number. */
function furthest(last: Place | undefined, head: Place | undefined): Place | undefined {
  if (last === undefined || head === undefined) return last ?? head;
  return head.seq > last.seq ? head : last;
}
