// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a template expression is what is written
import {
  componentSection,
  concat,
  emptyComponent,
  emptyModule,
  name as nameBytes,
  preambleBytes,
  sized,
} from '@sallyport/host/wasm';
import type { Random } from '../random.ts';
import { mutateBytes } from './bytes.ts';
import { bytesOf, type SectionNode, treeOf } from './section.ts';
import { mutateText } from './text.ts';

/** Names that break out of generated JavaScript, or reach what all objects have. */
const names = [
  "a': (globalThis.PWN = 1, {}), 'b",
  '`${globalThis.PWN=1}`',
  'a\\',
  'a*/globalThis.PWN=1/*',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'then',
  '\u2028',
  '',
  'a'.repeat(5000),
  'wasi:filesystem/types@0.2.3',
  'wasi:cli/environment@0.2.3',
  'wasi:sockets/tcp@0.2.3',
  'sallyport:plugin/log@0.1.0',
  'sallyport:plugin/log@0.2.0',
  'sallyport:plugin/outbound-http@0.1.0',
  'sallyport:plugin/dispatch-hooks@0.1.0',
  '$wit-component',
  "url=<https://a'b>",
  'unlocked-dep=<a:b@{>=1.0.0}>',
  'integrity=<sha256-AAAA>',
  '[constructor]x',
  '[method]x.y',
];

type Change = (sections: readonly SectionNode[], random: Random, other: readonly SectionNode[]) => SectionNode[];

const changes: readonly Change[] = [
  (sections, random) => sections.toSpliced(random.int(sections.length + 1), 1),
  (sections, random) => insert(sections, random, random.pick(sections)),
  (sections, random, other) => (other.length === 0 ? [...sections] : insert(sections, random, random.pick(other))),
  (sections, random) => {
    const [one, ...rest] = sections.toSpliced(0, random.int(sections.length));
    return one === undefined ? [...sections] : insert(rest, random, one);
  },
  (sections, random) => insert(sections, random, custom(random.pick(sectionNames), random)),
  (sections, random) =>
    change(sections, random, section => ({ ...section, id: random.int(random.chance(0.9) ? 14 : 256) })),
  (sections, random) => change(sections, random, section => inside(section, random)),
  (sections, random) => change(sections, random, section => inside(section, random)),
  (sections, random) => change(sections, random, section => renamed(section, random)),
  (sections, random) => change(sections, random, section => renamed(section, random)),
  (sections, random) => {
    const depth = random.pick([1, 2, 17, 100, 2000]);
    return insert(sections, random, nestedIn(random.pick(sections), depth));
  },
  (sections, random) => {
    const many = random.pick([10, 1001]);
    return [...sections, ...Array.from({ length: many }, () => unusedModule)];
  },
];

const unusedModule: SectionNode = { id: componentSection.coreModule, content: emptyModule };
const sectionNames = ['sallyport:plugin', 'name', 'component-name', 'component-type', 'producers', '', '__proto__'];

/** A component that is changed by who knows how one is built: sections, names, counts, nesting. */
export function mutateComponent(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  if (random.chance(0.15)) return mutateBytes(bytes, random, other);
  if (random.chance(0.3)) return renamedEverywhere(bytes, random);
  let sections = treeOf(bytes);
  const lender = treeOf(other);
  for (let times = 1 + random.int(2); times > 0 && sections.length > 0; times -= 1) {
    sections = random.pick(changes)(sections, random, lender);
  }
  return bytesOf(bytes.subarray(0, preambleBytes), sections);
}

const insert = (sections: readonly SectionNode[], random: Random, section: SectionNode): SectionNode[] =>
  sections.toSpliced(random.int(sections.length + 1), 0, section);

const change = (
  sections: readonly SectionNode[],
  random: Random,
  how: (section: SectionNode) => SectionNode,
): SectionNode[] => {
  const at = random.int(sections.length);
  return sections.map((section, index) => (index === at ? how(section) : section));
};

/** Something changes in what the section holds. */
function inside(section: SectionNode, random: Random): SectionNode {
  if (section.nested === undefined || section.nested.length === 0)
    return { ...section, content: mutateBytes(section.content, random, section.content) };
  return { ...section, nested: change(section.nested, random, each => inside(each, random)) };
}

/** One of the names that stand in the section becomes another, of any length. */
function renamed(section: SectionNode, random: Random): SectionNode {
  if (section.nested !== undefined && section.nested.length > 0)
    return { ...section, nested: change(section.nested, random, each => renamed(each, random)) };
  const found = namesIn(section.content);
  if (found.length === 0) return section;
  const { at, length } = random.pick(found);
  const { content } = section;
  const old = Buffer.from(content.subarray(at + 1, at + 1 + length)).toString('latin1');
  const name = Buffer.from(random.chance(0.6) ? random.pick(names) : mutateText(old, random, random.pick(names)));
  return {
    ...section,
    content: concat([content.subarray(0, at), sized(name), content.subarray(at + 1 + length)]),
  };
}

/**
 * A name becomes another of the same length wherever it stands, so that what refers to it still does and all sizes
 * stay right: the component is as valid as before.
 */
function renamedEverywhere(bytes: Uint8Array, random: Random): Uint8Array {
  const found = namesIn(bytes);
  if (found.length === 0) return bytes;
  const { at, length } = random.pick(found);
  const old = Buffer.from(bytes.subarray(at, at + 1 + length));
  const wanted = random.pick(names).padEnd(length, 'x').slice(0, length);
  const name = Buffer.concat([Uint8Array.of(length), Buffer.from(wanted, 'latin1')]).subarray(0, old.length);
  const changed = Buffer.from(bytes);
  for (let next = changed.indexOf(old); next >= 0; next = changed.indexOf(old, next + 1)) name.copy(changed, next);
  return Uint8Array.from(changed);
}

/** Where a length byte is followed by that many characters that names are made of. At most 4000 places. */
function namesIn(bytes: Uint8Array): { readonly at: number; readonly length: number }[] {
  const found: { at: number; length: number }[] = [];
  let run = 0;
  for (let end = bytes.length - 1; end >= 0 && found.length < 4000; end -= 1) {
    const length = bytes[end] ?? 0;
    if (length > 0 && length <= run && length < 0x80 && !isNameByte(bytes[end + 1 + length] ?? 0))
      found.push({ at: end, length });
    run = isNameByte(length) ? run + 1 : 0;
  }
  return found;
}

const isNameByte = (byte: number) => byte >= 0x2d && byte <= 0x7a && byte !== 0x60;

function custom(name: string, random: Random): SectionNode {
  const text = Buffer.from(random.pick(['{}', '', '{"id":"x"}', '['.repeat(9000), '\xff\xfe', 'null']), 'latin1');
  return { id: componentSection.custom, content: concat([nameBytes(name), text]) };
}

const nestedIn = (section: SectionNode, depth: number): SectionNode =>
  depth === 0
    ? section
    : {
        id: componentSection.component,
        content: bytesOf(emptyComponent, [depth > 40 ? deepest(depth - 1) : nestedIn(section, depth - 1)]),
      };

/** Deep nesting without a section in it, made from within. */
function deepest(depth: number): SectionNode {
  const id = componentSection.component;
  let content: Uint8Array = emptyComponent;
  for (let level = 0; level < depth; level += 1) content = bytesOf(emptyComponent, [{ id, content }]);
  return { id, content };
}
