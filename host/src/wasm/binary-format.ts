/** Ids of the sections of a core module. (Core spec § Binary Format, Modules) */
export const coreSection = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

/** Ids of the sections of a component. (Component Model § Binary) */
export const componentSection = {
  custom: 0,
  coreModule: 1,
  coreInstance: 2,
  coreType: 3,
  component: 4,
  instance: 5,
  alias: 6,
  type: 7,
  canonicalFunction: 8,
  start: 9,
  import: 10,
  export: 11,
  value: 12,
} as const;

/** What an import or export of a core module is. (Core spec § Binary Format, Import Section) */
export const coreKind = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;

/** The first byte of a function type in the type section of a core module. */
export const functionType = 0x60;

/** Bytes before the first section. */
export const preambleBytes = 8;
/** A core module without sections: its preamble. */
export const emptyModule = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
/** A component without sections: its preamble. */
export const emptyComponent = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00);

export type Format = 'module' | 'component';

/** Returns what the preamble at `start` announces: a core module (layer 0), a component (layer 1), or neither. */
export function formatOf(bytes: Uint8Array, start = 0): Format | undefined {
  const begins = (preamble: Uint8Array) => preamble.every((byte, index) => bytes[start + index] === byte);
  if (begins(emptyModule)) return 'module';
  return begins(emptyComponent) ? 'component' : undefined;
}

/** Returns the specification's name of a section, such as `data count`, or undefined for an unknown id. */
export function sectionName(format: Format, id: number): string | undefined {
  const ids = Object.entries(format === 'module' ? coreSection : componentSection);
  return ids.find(([, known]) => known === id)?.[0].replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`);
}
