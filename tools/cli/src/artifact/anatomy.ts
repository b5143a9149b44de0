import { BinaryReader, componentSection, formatOf, type Section, sectionName, sectionsOf } from '@sallyport/host/wasm';

/** One kind of section in a component, nested parts included, with the number of sections and their total size. */
export interface Part {
  readonly section: string;
  readonly count: number;
  readonly bytes: number;
}

/** A tool that produced part of the component, as named in its `producers` section. */
export interface Producer {
  readonly field: string;
  readonly name: string;
  readonly version: string;
}

/** The sections of a component and the tools that produced it. */
export interface Anatomy {
  readonly parts: readonly Part[];
  readonly producers: readonly Producer[];
}

/** Reads the sections of a component and of everything nested in it. @throws Fault `component_malformed` */
export function anatomyOf(bytes: Uint8Array): Anatomy {
  const parts = new Map<string, Part>();
  for (const { section, length } of partsIn(bytes, 0, bytes.length, 0)) {
    const { count, bytes: sum } = parts.get(section) ?? { count: 0, bytes: 0 };
    parts.set(section, { section, count: count + 1, bytes: sum + length });
  }
  const producers = new Map([...producersIn(bytes, 0, bytes.length, 0)].map(each => [JSON.stringify(each), each]));
  return {
    parts: [...parts.values()].toSorted((one, other) => other.bytes - one.bytes),
    producers: [...producers.values()],
  };
}

/** Lists the leaf sections, those of nested components included. */
function* partsIn(
  bytes: Uint8Array,
  start: number,
  end: number,
  depth: number,
): Generator<{ section: string; length: number }> {
  const inModule = formatOf(bytes, start) === 'module';
  for (const section of sectionsOf(bytes, start, end)) {
    if (!inModule && isNesting(section) && depth < depthLimit) {
      yield* partsIn(bytes, section.start, section.end, depth + 1);
      continue;
    }
    const known = sectionName(inModule ? 'module' : 'component', section.id) ?? `section ${section.id}`;
    const name = section.id === componentSection.custom ? `custom ${customName(bytes, section)}` : known;
    yield { section: inModule ? `core module: ${name}` : name, length: section.end - section.start };
  }
}

/** Sections of a component that hold core modules and components. */
const isNesting = ({ id }: Section): boolean => id === componentSection.coreModule || id === componentSection.component;

const depthLimit = 16;

function* producersIn(bytes: Uint8Array, start: number, end: number, depth: number): Generator<Producer> {
  const format = formatOf(bytes, start);
  if (format === undefined || depth > depthLimit) return;
  for (const section of sectionsOf(bytes, start, end)) {
    if (section.id === componentSection.custom && customName(bytes, section) === 'producers')
      yield* readProducers(bytes, section);
    if (format === 'component' && isNesting(section)) {
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

/** Replaces what is not printable ASCII, because a name may contain terminal control sequences. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 128);
