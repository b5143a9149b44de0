import { KeptNumber } from './json-number.ts';

/** Formats data as JSON with the members of each object in the order of their names, and none that is undefined. */
export function canonicalJson(value: unknown): string {
  if (value instanceof KeptNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join()}}`;
}
