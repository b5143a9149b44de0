import { fail } from '../../core/fault.ts';
import { coreKind, coreSection } from '../binary-format.ts';
import type { BinaryReader } from '../binary-reader.ts';
import { immediatesOf, readOpcode, skipImmediate } from './instructions.ts';
import { type GlobalUse, readGlobal } from './read-code.ts';

const end = 0x0b;

/** Where globals are named outside of code, by the id of the section. The reader is before the first entry. */
export const globalUses: ReadonlyMap<number, (reader: BinaryReader) => Generator<GlobalUse>> = new Map<
  number,
  (reader: BinaryReader) => Generator<GlobalUse>
>([
  [coreSection.global, inGlobal],
  [coreSection.export, inExport],
  [coreSection.element, inElements],
  [coreSection.data, inData],
]);

function* inGlobal(reader: BinaryReader): Generator<GlobalUse> {
  reader.skipValueType();
  reader.byte();
  yield* inExpression(reader);
}

function* inExport(reader: BinaryReader): Generator<GlobalUse> {
  reader.take(reader.u32());
  if (reader.byte() === coreKind.global) yield readGlobal(reader);
  else reader.u32();
}

/** The flags of an element segment: it is passive or declared only; it has an index or is declared only; expressions. */
const isPassive = 0x01;
const hasIndex = 0x02;
const hasExpressions = 0x04;

function* inElements(reader: BinaryReader): Generator<GlobalUse> {
  const flags = reader.u32();
  if (flags > 0x07) fail('component_malformed', { what: 'an element segment of unknown kind', at: reader.position });
  if ((flags & isPassive) === 0) {
    if ((flags & hasIndex) !== 0) reader.u32();
    yield* inExpression(reader);
  }
  const hasType = (flags & (isPassive | hasIndex)) !== 0;
  if (hasType && (flags & hasExpressions) !== 0) reader.skipValueType();
  else if (hasType) reader.byte();
  for (let count = reader.u32(); count > 0; count -= 1) {
    if ((flags & hasExpressions) !== 0) yield* inExpression(reader);
    else reader.u32();
  }
}

function* inData(reader: BinaryReader): Generator<GlobalUse> {
  const flags = reader.u32();
  if (flags > 0x02) fail('component_malformed', { what: 'a data segment of unknown kind', at: reader.position });
  if (flags === 0x02) reader.u32();
  if (flags !== 0x01) yield* inExpression(reader);
  reader.take(reader.u32());
}

/** A constant expression, which has no blocks. */
function* inExpression(reader: BinaryReader): Generator<GlobalUse> {
  for (;;) {
    const start = reader.position;
    const opcode = readOpcode(reader);
    for (const immediate of immediatesOf(opcode, start)) {
      if (immediate === 'global') yield readGlobal(reader);
      else skipImmediate(reader, immediate);
    }
    if (opcode === end) return;
  }
}
