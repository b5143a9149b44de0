import { BinaryReader, formatOf, type Section, sectionsOf } from '@sallyport/host/verify/binary';

/** A kind of section of a component, with the bytes that all of them have. */
export interface Part {
  readonly section: string;
  readonly count: number;
  readonly bytes: number;
}

/** A tool that made a part of the component, as the section `producers` names it. */
export interface Producer {
  readonly field: string;
  readonly name: string;
  readonly version: string;
}

/** What a component is made of. */
export interface Anatomy {
  readonly parts: readonly Part[];
  readonly producers: readonly Producer[];
}

/** Component Model § Binary; custom sections have names of their own. */
const names: readonly string[] = [
  'custom',
  'core module',
  'core instance',
  'core type',
  'component',
  'instance',
  'alias',
  'type',
  'canonical function',
  'start',
  'import',
  'export',
  'value',
];

/** Reads the sections of a component, and the producers of everything nested in it. @throws Fault `component_malformed` */
export function anatomyOf(bytes: Uint8Array): Anatomy {
  const parts = new Map<string, Part>();
  for (const section of sectionsOf(bytes)) {
    const name =
      section.id === 0 ? `custom ${customName(bytes, section)}` : (names[section.id] ?? `section ${section.id}`);
    const { count, bytes: sum } = parts.get(name) ?? { count: 0, bytes: 0 };
    parts.set(name, { section: name, count: count + 1, bytes: sum + section.end - section.start });
  }
  const producers = new Map([...producersIn(bytes, 0, bytes.length, 0)].map(each => [JSON.stringify(each), each]));
  return {
    parts: [...parts.values()].toSorted((one, other) => other.bytes - one.bytes),
    producers: [...producers.values()],
  };
}

const depthLimit = 16;

function* producersIn(bytes: Uint8Array, start: number, end: number, depth: number): Generator<Producer> {
  const format = formatOf(bytes, start);
  if (format === undefined || depth > depthLimit) return;
  for (const section of sectionsOf(bytes, start, end)) {
    if (section.id === 0 && customName(bytes, section) === 'producers') yield* readProducers(bytes, section);
    // A component holds core modules (1) and components (4).
    if (format === 'component' && (section.id === 1 || section.id === 4)) {
      yield* producersIn(bytes, section.start, section.end, depth + 1);
    }
  }
}

const customName = (bytes: Uint8Array, { start, end }: Section): string =>
  printable(new BinaryReader(bytes, start, end).name());

/** WebAssembly tool conventions, § Producers Section. */
function* readProducers(bytes: Uint8Array, { start, end }: Section): Generator<Producer> {
  const reader = new BinaryReader(bytes, start, end);
  reader.name();
  for (let fields = reader.u32(); fields > 0; fields -= 1) {
    const field = printable(reader.name());
    for (let values = reader.u32(); values > 0; values -= 1) {
      yield { field, name: printable(reader.name()), version: printable(reader.name()) };
    }
  }
}

/** A name may be anything; a terminal should not do what it says. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 128);
