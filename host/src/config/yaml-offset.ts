import { type Document, isAlias, isMap, isNode, isScalar, isSeq } from 'yaml';

/**
 * Returns the offset of the value at `path`, or of the name of its member `key`, following the path as far as it
 * exists.
 */
export function offsetOf(document: Document, path: readonly PropertyKey[], key?: string): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const step of path) {
    const next = memberOf(node, step, document);
    if (next === undefined) return offset;
    node = next.value;
    offset = startOf(node) ?? next.offset ?? offset;
  }
  return (key === undefined ? undefined : memberOf(node, key, document)?.offset) ?? offset;
}

interface Member {
  readonly value: unknown;
  /** The offset of the member's name in a mapping, of the value in a list. */
  readonly offset: number | undefined;
}

function memberOf(holder: unknown, step: PropertyKey, document: Document): Member | undefined {
  const node = isAlias(holder) ? holder.resolve(document) : holder;
  if (isSeq(node)) {
    const item = node.items[Number(step)];
    return item === undefined ? undefined : { value: item, offset: startOf(item) };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  return pair && { value: pair.value, offset: startOf(pair.key) };
}

/** Returns the offset at which a node starts. */
export const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);
