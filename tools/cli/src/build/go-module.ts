import { BinaryReader, sectionsOf } from '@sallyport/host/wasm';

/** The parts of a core module built by Go that the build checks. */
export interface GoModule {
  readonly imports: readonly { readonly from: string; readonly name: string }[];
  readonly exports: readonly string[];
  /** The memory offset at which its data starts. */
  readonly dataStart: number;
}

const [importSection, exportSection, dataSection] = [2, 7, 11];
const i32Const = 0x41;

/** Reads imports, exports and the offset of the data (core spec § Binary Format, Modules). @throws Fault `component_malformed` */
export function readGoModule(bytes: Uint8Array): GoModule {
  const imports: GoModule['imports'][number][] = [];
  const exports: string[] = [];
  let dataStart = Number.POSITIVE_INFINITY;
  for (const { id, start, end } of sectionsOf(bytes)) {
    const reader = new BinaryReader(bytes, start, end);
    const count = id === importSection || id === exportSection || id === dataSection ? reader.u32() : 0;
    for (let index = 0; index < count; index += 1) {
      if (id === importSection) {
        imports.push({ from: reader.name(), name: reader.name() });
        // Go imports only functions: skip the kind and the type.
        reader.byte();
        reader.u32();
      } else if (id === exportSection) {
        exports.push(reader.name());
        reader.byte();
        reader.u32();
      } else {
        const placed = reader.u32() === 0 && reader.byte() === i32Const;
        dataStart = Math.min(dataStart, placed ? reader.u32() : 0);
        if (!placed) break;
        reader.byte();
        reader.take(reader.u32());
      }
    }
  }
  return { imports, exports, dataStart };
}
