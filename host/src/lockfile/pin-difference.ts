import { isDeepStrictEqual } from 'node:util';
import { canonicalJson } from '../core/canonical-json.ts';
import { isJsonObject } from '../core/json.ts';
import type { Pin } from './lockfile.ts';

/** One difference between a plugin and its pin. */
export interface Difference {
  /** `imports: + wasi:random/random@0.2.3`, `version: 1.0.0 → 1.1.0` */
  readonly line: string;
  /** Whether the plugin asks for, gets or sees more than was accepted, or has another signer. */
  readonly more: boolean;
}

/** Returns all differences, in the order of the fields of a pin. */
export function differences(pinned: Pin, found: Pin): readonly Difference[] {
  const signerOf = ({ signer: { by, key_id } }: Pin) => (key_id === undefined ? by : `${by} ${key_id}`);
  return [
    ...changed('reference', pinned.reference, found.reference),
    ...changed('manifest', pinned.manifest, found.manifest),
    ...changed('digest', pinned.digest, found.digest),
    ...changed('signer', signerOf(pinned), signerOf(found), pinned.signer.key_id !== found.signer.key_id),
    ...changed('version', pinned.version, found.version),
    ...changed('sequence', pinned.sequence, found.sequence),
    ...lists('hooks', pinned.hooks, found.hooks),
    ...lists('payload', pinned.payload ?? [], found.payload ?? []),
    ...lists('imports', pinned.imports, found.imports),
    ...lists('required_capabilities', pinned.required_capabilities, found.required_capabilities),
    ...lists('optional_capabilities', pinned.optional_capabilities, found.optional_capabilities),
    ...granted('grants', pinned.granted, found.granted),
  ];
}

const changed = (name: string, from: unknown, to: unknown, more = false): Difference[] =>
  isDeepStrictEqual(from, to) ? [] : [{ line: `${name}: ${shown(from)} → ${shown(to)}`, more }];

/** Compares lists: added items ask for more, removed ones do not. The order is ignored. */
function lists(name: string, from: readonly unknown[], to: readonly unknown[]): Difference[] {
  const has = (list: readonly unknown[], item: unknown) => list.some(each => isDeepStrictEqual(each, item));
  return [
    ...from.filter(item => !has(to, item)).map(item => ({ line: `${name}: - ${shown(item)}`, more: false })),
    ...to.filter(item => !has(from, item)).map(item => ({ line: `${name}: + ${shown(item)}`, more: true })),
  ];
}

/**
 * Compares grants. Lists in a grant name what is allowed, so a shorter list grants less, and so does a removed grant.
 * Any other change may grant more, so the operator decides.
 */
function granted(name: string, from: unknown, to: unknown): Difference[] {
  if (Array.isArray(from) && Array.isArray(to)) return lists(name, from, to);
  if (!isJsonObject(from) || !isJsonObject(to)) return changed(name, from, to, true);
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].toSorted().flatMap(key => {
    const [before, after] = [from[key], to[key]];
    const path = `${name}.${key}`;
    if (name === 'grants' && after === undefined) return [{ line: `grants: - ${key}`, more: false }];
    if (name === 'grants' && before === undefined) {
      return [{ line: `grants: + ${key}: ${shown(after)}`, more: true }];
    }
    return granted(path, before, after);
  });
}

/** Formats a value in one line that a terminal shows as plain text. */
function shown(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'string' && /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value)) return value;
  return typeof value === 'string' ? JSON.stringify(value) : canonicalJson(value);
}
