// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of configurations are what is written
import type { Random } from '../random.ts';
import { mutateText } from './text.ts';

/** A value that JSON can hold, and which may be anything. */
export type Value = null | boolean | number | string | Value[] | { [name: string]: Value };

const isObject = (value: Value): value is { [name: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const odd: readonly Value[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, 2 ** 53, 4294967296, '', '0', [], {}, [[]]],
  ...[
    '\ud800',
    '\0',
    'a'.repeat(70_000),
    '__proto__',
    'constructor',
    '${HOME}',
    '../../etc/passwd',
    '2026-13-45T00:00:00Z',
  ],
];
const oddNames = ['__proto__', 'constructor', 'prototype', 'toString', 'then', 'toJSON', '', '0', 'length', '$ref'];

/** The value with something in it changed: another type, another value, a member more or less, something nested. */
export function mutateValue(value: Value, random: Random): Value {
  if (Array.isArray(value) && value.length > 0 && random.chance(0.75)) {
    const at = random.int(value.length);
    if (random.chance(0.15)) return value.toSpliced(at, 1);
    if (random.chance(0.15)) return value.toSpliced(at, 0, value[random.int(value.length)] ?? null);
    return value.map((item, index) => (index === at ? mutateValue(item, random) : item));
  }
  if (isObject(value) && random.chance(0.85)) return mutateMembers(value, random);
  if (typeof value === 'string' && random.chance(0.7))
    return mutateText(value, random, 'https://example.com:443/a?b=c#d');
  if (typeof value === 'number' && random.chance(0.5))
    return random.pick([-value, value + 0.5, value * 1e12, value + 1]);
  return random.chance(0.1) ? nested(random.pick([70, 1000]), random) : structuredClone(random.pick(odd));
}

function mutateMembers(value: { [name: string]: Value }, random: Random): Value {
  const entries = Object.entries(value);
  const at = random.int(entries.length);
  const [name, member] = entries[at] ?? [random.pick(oddNames), null];
  const change = (): [string, Value][] => {
    if (random.chance(0.12)) return entries.toSpliced(at, 1);
    if (entries.length === 0 || random.chance(0.15))
      return [...entries, [random.pick(oddNames), structuredClone(random.pick([...odd, member]))]];
    if (random.chance(0.1)) return entries.with(at, [mutateText(name, random, random.pick(oddNames)), member]);
    return entries.with(at, [name, mutateValue(member, random)]);
  };
  // Assigned, the name `__proto__` would set the prototype.
  return Object.fromEntries(change());
}

function nested(depth: number, random: Random): Value {
  let value: Value = null;
  const name = random.pick(['a', ...oddNames]);
  for (let level = 0; level < depth; level += 1)
    value = level % 2 === 0 ? [value] : Object.fromEntries([[name, value]]);
  return value;
}

/** JSON text as no library writes it: members twice, numbers of many digits, deep nesting, odd spaces and escapes. */
function mutateJsonText(text: string, random: Random): string {
  const rewrite: readonly (() => string)[] = [
    () => text.replace(/("(?:[a-zA-Z_]+)"):/, (whole, name) => `${whole}${random.pick(['1', '{}', '"x"'])},${name}:`),
    () => text.replace('{', '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},'),
    () => text.replace(/\d+/, () => random.pick(['1e400', '-0', '9'.repeat(400), '1.0000000000000000001', '1E5'])),
    () => text.replace(/("[^"]*")(?!:)/, () => `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    () => text.replace(/("[^"]*")(?!:)/, () => `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`),
    () => text.replace(/[a-z]/, letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`),
    () => text.replace(/"([^"]*)"(?!:)/, () => random.pick(['"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"'])),
    () => `${text}${random.pick([' ', '\n', '\0', ',', text, '//x', '\ufeff'])}`,
    () => `${random.pick(['\ufeff', ' ', '[', ")]}',\n"])}${text}`,
    () => mutateText(text, random, text),
  ];
  return random.pick(rewrite)();
}

/** An object as JSON, with changes of its values, of its text, or of both. */
export function mutateJson(value: Value, random: Random): string {
  let changed = value;
  for (let times = random.int(4); times > 0; times -= 1) changed = mutateValue(changed, random);
  const text = JSON.stringify(changed);
  return random.chance(0.35) ? mutateJsonText(text, random) : text;
}
