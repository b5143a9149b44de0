import type { Mark } from './lockfile.ts';

/** Whether one is lower than the other: by the precedence of Semantic Versioning (§ 11), then by the sequence. */
export function isBelow(one: Mark, other: Mark): boolean {
  const order = compareVersions(one.version, other.version);
  return order === 0 ? (one.sequence ?? -1) < (other.sequence ?? -1) : order < 0;
}

/** Returns the higher of the two. */
export const highest = (one: Mark, other: Mark | undefined): Mark => {
  const top = other === undefined || isBelow(other, one) ? one : other;
  return { version: top.version, ...(top.sequence === undefined ? {} : { sequence: top.sequence }) };
};

function compareVersions(one: string, other: string): number {
  const [a, b] = [split(one), split(other)];
  const byNumbers = compareLists(a.numbers, b.numbers);
  if (byNumbers !== 0) return byNumbers;
  // 1.0.0-rc comes before 1.0.0.
  if (a.labels.length === 0 || b.labels.length === 0) return b.labels.length - a.labels.length;
  return compareLists(a.labels, b.labels);
}

/** Splits a version into numbers and labels. Build metadata, after the plus, is ignored. */
function split(version: string) {
  const [, numbers = '', labels = ''] = /^([^-+]*)(?:-([^+]*))?/.exec(version) ?? [];
  return { numbers: numbers.split('.'), labels: labels === '' ? [] : labels.split('.') };
}

/** Compares lists: the first difference decides; without one, the shorter list is lower. */
function compareLists(one: readonly string[], other: readonly string[]): number {
  for (const [index, part] of one.entries()) {
    const against = other[index];
    if (against === undefined) return 1;
    const order = compareParts(part, against);
    if (order !== 0) return order;
  }
  return one.length - other.length;
}

/** Compares parts: numbers, of any length, are lower than words. */
function compareParts(one: string, other: string): number {
  const [number, otherNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)];
  if (number !== otherNumber) return number ? -1 : 1;
  if (number) {
    const [a, b] = [BigInt(one), BigInt(other)];
    return a === b ? 0 : a < b ? -1 : 1;
  }
  return one === other ? 0 : one < other ? -1 : 1;
}
