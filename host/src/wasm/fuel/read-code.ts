import { fail } from '../../core/fault.ts';
import type { BinaryReader } from '../binary-reader.ts';
import { callCost, instructionCost, lengthShift, loopCost } from './cost.ts';
import { type Immediate, immediatesOf, readOpcode, skipImmediate } from './instructions.ts';
import { mergeShort, type Region, Regions } from './regions.ts';

/** The index of a global, at these bytes. */
export interface GlobalUse {
  readonly start: number;
  readonly end: number;
  readonly global: number;
}

/** An instruction at `start` whose topmost operand is a length to be charged, and how far it is shifted. */
export interface LengthUse {
  readonly start: number;
  readonly shift: number;
}

/** The code of a function, as far as it is charged or written differently. Everything is in the order of the code. */
export interface Code {
  readonly regions: readonly Region[];
  readonly uses: readonly (GlobalUse | LengthUse)[];
}

/** What instructions do to the flow of control, by opcode. */
const flow: ReadonlyMap<number, 'block' | 'loop' | 'if' | 'else' | 'end' | 'branch' | 'jump' | 'exit' | 'trap'> =
  new Map([
    [0x00, 'trap'], // unreachable
    [0x02, 'block'],
    [0x03, 'loop'],
    [0x04, 'if'],
    [0x05, 'else'],
    [0x06, 'block'], // try
    [0x07, 'else'], // catch
    [0x08, 'exit'], // throw
    [0x09, 'exit'], // rethrow
    [0x0a, 'exit'], // throw_ref
    [0x0b, 'end'],
    [0x0c, 'jump'], // br
    [0x0d, 'branch'], // br_if
    [0x0e, 'jump'], // br_table
    [0x0f, 'exit'], // return
    [0x12, 'exit'], // return_call
    [0x13, 'exit'], // return_call_indirect
    [0x15, 'exit'], // return_call_ref
    [0x18, 'end'], // delegate
    [0x19, 'else'], // catch_all
    [0x1f, 'block'], // try_table
    [0xd5, 'branch'], // br_on_null
    [0xd6, 'branch'], // br_on_non_null
  ]);

/** A region with less than this is charged with the one before it. */
const shortest = 8;

/**
 * Reads the instructions of a function up to its end.
 * @throws Fault `feature_forbidden` for an instruction that is not known, `component_malformed`
 */
export function readCode(reader: BinaryReader, locals: number): Code {
  const regions = new Regions(reader.position, callCost(locals));
  const uses: (GlobalUse | LengthUse)[] = [];
  while (!regions.isOver) {
    const start = reader.position;
    const opcode = readOpcode(reader);
    const shift = lengthShift(opcode);
    if (shift !== undefined && regions.isReachable) uses.push({ start, shift });
    for (const immediate of immediatesOf(opcode, start)) {
      if (immediate === 'global') uses.push(readGlobal(reader));
      else if (!readLabels(reader, immediate, regions)) skipImmediate(reader, immediate);
    }
    regions.charge(instructionCost(opcode));
    follow(opcode, reader.position, regions);
  }
  if (!reader.done) fail('component_malformed', { what: 'code after the end of a function', at: reader.position });
  mergeShort(regions.all, shortest);
  return { regions: regions.all, uses };
}

/** Reads a global's index. */
export function readGlobal(reader: BinaryReader): GlobalUse {
  const start = reader.position;
  const global = reader.u32();
  return { start, end: reader.position, global };
}

/** Reads an immediate that holds labels; false for another one, which is left. */
function readLabels(reader: BinaryReader, immediate: Immediate, regions: Regions): boolean {
  const { position } = reader;
  if (immediate === 'label') regions.leave(reader.u32(), position);
  else if (immediate === 'labels')
    // The last label is the one for all other values.
    for (let count = reader.u32() + 1; count > 0; count -= 1) regions.leave(reader.u32(), position);
  else if (immediate === 'catches') {
    for (let count = reader.u32(); count > 0; count -= 1) {
      // Those for one kind of exception begin with its tag.
      if (reader.byte() < 0x02) reader.u32();
      regions.leave(reader.u32(), position);
    }
  } else return false;
  return true;
}

function follow(opcode: number, position: number, regions: Regions): void {
  const effect = flow.get(opcode);
  if (effect === 'block') regions.block();
  else if (effect === 'loop') regions.loop(position, loopCost);
  else if (effect === 'if') regions.if(position);
  else if (effect === 'else') regions.else(position);
  else if (effect === 'end') regions.end(position);
  else if (effect === 'branch') regions.fallThrough(position);
  else if (effect === 'exit') regions.leaveAll(position);
  if (effect === 'jump' || effect === 'exit' || effect === 'trap') regions.stop();
}
