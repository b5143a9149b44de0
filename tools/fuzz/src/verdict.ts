import { codes, Fault, Faults } from '@sallyport/host/core';
import { Finding } from './target.ts';

/**
 * The codes of a refusal, in one word. A refusal is fine when it has a code of the table, and says what to do.
 * @throws Finding for everything else that can be thrown
 */
export function refusalOf(thrown: unknown): string {
  if (thrown instanceof Finding) throw thrown;
  const faults = thrown instanceof Faults ? thrown.faults : [thrown];
  if (faults.length === 0) throw new Finding('refused without a fault', String(thrown));
  const refusals = faults.map(fault => {
    if (!(fault instanceof Fault)) throw found('threw what is no Fault', fault);
    if (!Object.hasOwn(codes, fault.code)) throw new Finding('a code that is not in the table', fault.code);
    if (fault.code === 'internal') throw found('failed as internal', fault.cause ?? fault);
    if (fault.hint === '' || fault.message === '') throw new Finding('refused without words', fault.code);
    return fault.code;
  });
  return [...new Set(refusals)].sort().join('+');
}

/** A Finding of something thrown: where it was thrown tells whether two are the same, and its words do not. */
export function found(what: string, thrown: unknown): Finding {
  if (thrown instanceof Finding) return thrown;
  const place = thrown instanceof Error ? /^ +at (.*)$/m.exec(thrown.stack ?? '')?.[1] : undefined;
  return new Finding(`${what}${place === undefined ? '' : ` at ${place}`}`, textOf(thrown));
}

const textOf = (thrown: unknown): string =>
  thrown instanceof Error ? (thrown.stack ?? thrown.message).split('\n').slice(0, 4).join(' ') : String(thrown);

/** What all objects share. No input may change it. */
const shared: readonly (readonly [string, object])[] = [
  ['globalThis', globalThis],
  ...[Object, Array, Function, String, Number, Map, Promise, Uint8Array].flatMap(
    made => [[made.name, made] as const, [`${made.name}.prototype`, made.prototype as object] as const] as const,
  ),
];
/** Symbols are left out: libraries keep what is global under some, when it is first used. */
const keysOf = (object: object) => Object.getOwnPropertyNames(object);

/** Remembers what all objects share. The function it yields throws a Finding when that has changed since the last call. */
export function guardShared(): () => void {
  let before = shared.map(([, object]) => keysOf(object));
  return () => {
    const now = shared.map(([, object]) => keysOf(object));
    const last = before;
    before = now;
    for (const [index, [name]] of shared.entries()) {
      const added = now[index]?.filter(key => !last[index]?.includes(key)) ?? [];
      if (added.length > 0) throw new Finding(`${name} was changed`, added.join(', '));
    }
  };
}
