// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of configurations are what is written
import { stringify } from 'yaml';
import type { Random } from '../random.ts';
import { mutateValue, type Value } from './json.ts';
import { mutateText } from './text.ts';

/** What YAML can do and a configuration never needs. */
const tricks: readonly string[] = [
  `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`)}]`).join('\n')}\n`,
  'self: &self\n  again: *self\n',
  'list: &l [*l]\n',
  '<<: {listen: "0.0.0.0:1"}\n',
  '<<: *missing\n',
  '? [complex, key]\n: value\n',
  '? {a: {b: c}}\n: value\n',
  '__proto__: { polluted: 1 }\n',
  'constructor: { prototype: { polluted: 1 } }\n',
  'x: !!js/function "function () { return 1 }"\n',
  'x: !!binary "AAAA"\n',
  'x: !!set {a, b}\n',
  'x: !!omap [a: 1]\n',
  'x: !!python/object/apply:os.system ["id"]\n',
  'x: !<tag:yaml.org,2002:str> 1\n',
  '%YAML 1.1\n---\n',
  '%TAG ! tag:example.com,2026:\n---\n',
  '--- \n',
  '...\n---\nlisten: 127.0.0.1:1\n',
  'x: 0o777\ny: 0x1F\nz: .inf\nw: .nan\nv: 1_000\n',
  'on: yes\noff: no\n~: ~\n',
  `deep: ${'['.repeat(3000)}${']'.repeat(3000)}\n`,
  `deep: ${'{a: '.repeat(3000)}1${'}'.repeat(3000)}\n`,
  `${Array.from({ length: 600 }, (_, index) => `${' '.repeat(index)}a:`).join('\n')}\n`,
  `long: ${'x'.repeat(150_000)}\n`,
  'x: ${MISSING}\ny: ${SECRET}\nz: $${SECRET}\n',
  'x: "${SECRET:-${SECRET}}"\n',
  'x: |+9\n  text\n',
  "x: 'unclosed\n",
  '\ttab: 1\n',
  'x: "\\ud800"\n',
  '#'.repeat(5000),
];

/** YAML that is changed as data, as text, and by what YAML alone has. */
export function mutateYaml(value: Value, random: Random): string {
  let changed = value;
  for (let times = random.int(4); times > 0; times -= 1) changed = mutateValue(changed, random);
  let text = random.chance(0.2) ? JSON.stringify(changed) : write(changed);
  if (random.chance(0.35)) text = placed(text, random, random.pick(tricks));
  if (random.chance(0.3)) text = anchored(text, random);
  return random.chance(0.35) ? mutateText(text, random, random.pick(tricks)) : text;
}

/** What YAML's own writer cannot write is written as JSON, which is YAML, too. */
function write(value: Value): string {
  try {
    return stringify(value);
  } catch {
    return JSON.stringify(value);
  }
}

/** Between two lines, or at an end. */
function placed(text: string, random: Random, trick: string): string {
  const lines = text.split('\n');
  const at = random.pick([0, random.int(lines.length), lines.length]);
  return lines.toSpliced(at, 0, trick.replace(/\n$/, '')).join('\n');
}

/** Some value gets an anchor, and others become its alias. */
const anchored = (text: string, random: Random) =>
  text
    .replace(/: (?=[^\n])/, ': &anchor ')
    .replace(/: [^&\n][^\n]*/g, whole => (random.chance(0.2) ? ': *anchor' : whole))
    .concat(random.chance(0.3) ? '\n<<: *anchor\n' : '');
