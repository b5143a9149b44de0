import { expect, it } from 'vitest';
import type { JsonObject } from '../core/json.ts';
import { KeptNumber } from '../core/json-number.ts';
import { mergeChanges } from './merge-parallel-changes.ts';

interface Case {
  readonly what: string;
  readonly base: JsonObject;
  readonly versions: readonly JsonObject[];
  readonly value: JsonObject;
  /** The paths in conflict, by the index of the version. */
  readonly conflicts?: Readonly<Record<number, string>>;
}

const base = { a: 1, b: { c: 'x', d: [1, 2] } };
const exact = () => new KeptNumber('1.10');
const withProto = JSON.parse('{"__proto__":1}');

it.each<Case>([
  { what: 'no version', base, versions: [], value: base },
  { what: 'equal copies', base, versions: [structuredClone(base), structuredClone(base)], value: base },
  {
    what: 'different members',
    base,
    versions: [
      { ...base, a: 2 },
      { ...base, b: { ...base.b, c: 'y' } },
    ],
    value: { a: 2, b: { c: 'y', d: [1, 2] } },
  },
  {
    what: 'different entries of a list',
    base,
    versions: [
      { ...base, b: { c: 'x', d: [9, 2] } },
      { ...base, b: { c: 'x', d: [1, 8] } },
    ],
    value: { a: 1, b: { c: 'x', d: [9, 8] } },
  },
  {
    what: 'an added and a removed member',
    base,
    versions: [{ ...base, e: null }, { b: base.b }],
    value: { b: base.b, e: null },
  },
  {
    what: 'the same member',
    base,
    versions: [
      { ...base, a: 2 },
      { ...base, a: 3 },
    ],
    value: base,
    conflicts: { 0: 'a', 1: 'a' },
  },
  {
    what: 'the same member with the same value',
    base,
    versions: [
      { ...base, a: 2 },
      { ...base, a: 2 },
    ],
    value: base,
    conflicts: { 0: 'a', 1: 'a' },
  },
  {
    what: 'a member and its parent',
    base,
    versions: [
      { ...base, b: { ...base.b, c: 'y' } },
      { ...base, b: null },
    ],
    value: base,
    conflicts: { 0: 'b', 1: 'b' },
  },
  {
    what: 'a removed member and a change in it',
    base,
    versions: [{ a: 1 }, { ...base, b: { ...base.b, c: 'y' } }],
    value: base,
    conflicts: { 0: 'b', 1: 'b' },
  },
  {
    what: 'an entry of a list and its length',
    base,
    versions: [
      { ...base, b: { c: 'x', d: [1, 2, 3] } },
      { ...base, b: { c: 'x', d: [9, 2] } },
    ],
    value: base,
    conflicts: { 0: 'b.d', 1: 'b.d' },
  },
  {
    what: 'an entry of a list, deep',
    base: { content: [{ text: 'x', type: 'text' }] },
    versions: [{ content: [{ text: 'y', type: 'text' }] }, { content: [{ text: 'z', type: 'text' }] }],
    value: { content: [{ text: 'x', type: 'text' }] },
    conflicts: { 0: 'content[0].text', 1: 'content[0].text' },
  },
  {
    what: 'the same added member',
    base,
    versions: [
      { ...base, e: {} },
      { ...base, e: {} },
    ],
    value: base,
    conflicts: { 0: 'e', 1: 'e' },
  },
  {
    what: 'added members that differ only in case',
    base,
    versions: [
      { ...base, key: 1 },
      { ...base, Key: 2 },
    ],
    value: base,
    conflicts: { 0: 'key', 1: 'key' },
  },
  {
    what: 'two in conflict beside a third, all of whose changes are kept',
    base,
    versions: [
      { ...base, a: 2, e: 1 },
      { ...base, b: { ...base.b, c: 'y' } },
      { ...base, a: 3 },
    ],
    value: { a: 1, b: { c: 'y', d: [1, 2] } },
    conflicts: { 0: 'a', 2: 'a' },
  },
  {
    what: 'a number that keeps its text',
    base: { n: exact(), a: 1, b: 1 },
    versions: [
      { n: exact(), a: 2, b: 1 },
      { n: exact(), a: 1, b: 2 },
    ],
    value: { n: exact(), a: 2, b: 2 },
  },
  {
    what: 'a member named __proto__',
    base: {},
    versions: [withProto, { a: 1 }],
    value: { ...withProto, a: 1 },
  },
])('[HOOK-98] merges $what', ({ base: before, versions, value, conflicts = {} }) => {
  const merged = mergeChanges(before, versions);
  expect(merged.value).toStrictEqual(value);
  expect(Object.keys(merged.value)).toEqual(expect.arrayContaining(Object.keys(value)));
  expect(Object.fromEntries([...merged.conflicts].map(([index, { path }]) => [index, path]))).toEqual(conflicts);
});

it('[HOOK-98] returns the value itself when nothing changed', () => {
  expect(mergeChanges(base, [base, base]).value).toBe(base);
});
