import { coreKind, coreSection, functionType } from '../binary-format.ts';
import { type Bytes, coreModule, name, section, sized, vector } from '../binary-writer.ts';

const i64 = 0x7e;
const f64 = 0x7c;
const mutable = 0x01;
const end = 0x0b;
const truncate = [0xfc, 0x06]; // i64.trunc_sat_f64_s

const list = (...entries: readonly Bytes[]) =>
  vector(
    entries.length,
    entries.flatMap(each => [...each]),
  );
const body = (...code: readonly number[]) => sized([0, ...code, end]);

/**
 * A core module with the counter of fuel as `counter`, `fill(units)`, and `take(units)`, which returns what is left.
 * The numbers are f64, which V8 passes as they are. The `value` of a global is set and read through the API, as an
 * integer on the heap, which takes longer than a call of compiled code.
 */
export const fuelGauge = coreModule(
  section(coreSection.type, list([functionType, 1, f64, 0], [functionType, 1, f64, 1, f64])),
  section(coreSection.function, list([0], [1])),
  section(coreSection.global, list([i64, mutable, 0x42, 0, end])),
  section(
    coreSection.export,
    list(
      [...name('counter'), coreKind.global, 0],
      [...name('fill'), coreKind.function, 0],
      [...name('take'), coreKind.function, 1],
    ),
  ),
  section(
    coreSection.code,
    list(
      // left = units
      body(0x20, 0, ...truncate, 0x24, 0),
      // left = left - units; return left
      body(0x23, 0, 0x20, 0, ...truncate, 0x7d, 0x24, 0, 0x23, 0, 0xb9),
    ),
  ),
);
