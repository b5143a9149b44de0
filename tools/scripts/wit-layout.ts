import type { WitDefinition, WitPackage, WitType } from '../cli/src/build/parse-wit.ts';

/** The layout of a value in linear memory, in bytes. */
export interface Layout {
  readonly size: number;
  readonly align: number;
}

/** One of the numbers that a value is flattened into when it is passed as parameters. */
export interface Flat {
  /** Its offset in memory. */
  readonly offset: number;
  readonly type: 'u8' | 'u16' | 'u32' | 'u64' | 's8' | 's16' | 's32' | 's64' | 'f32' | 'f64';
}

const alignTo = (offset: number, align: number) => Math.ceil(offset / align) * align;
const bytesOf = (name: string): number =>
  name === 'bool' ? 1 : name === 'char' ? 4 : name === 'string' ? 8 : Number(name.slice(1)) / 8;

/** The most numbers passed as parameters; more are passed through memory (Canonical ABI § Flattening). */
export const mostFlat = 16;

/** Computes how values of a package's types are laid out and passed (Component Model § Canonical ABI). */
export function createLayouts({ interfaces }: WitPackage) {
  const definitions = new Map<string, WitDefinition>();
  for (const definition of interfaces.flatMap(({ types }) => types)) {
    if (definitions.has(definition.name)) throw new Error(`two types are named ${definition.name}`);
    definitions.set(definition.name, definition);
  }
  const define = (name: string): WitDefinition => {
    const found = definitions.get(name);
    if (found === undefined) throw new Error(`no type is named ${name}`);
    return found;
  };

  function layout(type: WitType): Layout {
    if (type.is === 'plain')
      return { size: bytesOf(type.name), align: type.name === 'string' ? 4 : bytesOf(type.name) };
    if (type.is === 'list') return { size: 8, align: 4 };
    if (type.is === 'option') return choice([type.of]);
    if (type.is === 'result') return choice([type.ok, type.error]);
    if (type.is === 'tuple') return sequence(type.of);
    const { is, members } = define(type.name);
    if (is === 'alias' || is === 'record') return sequence(members.flatMap(each => each.type ?? []));
    return choice(members.map(each => each.type));
  }

  /** Returns the layout of consecutive fields. */
  function sequence(types: readonly WitType[]): Layout {
    const align = Math.max(1, ...types.map(each => layout(each).align));
    const last = types.at(-1);
    return { size: last ? alignTo((offsets(types).at(-1) ?? 0) + layout(last).size, align) : 0, align };
  }

  /** Returns the offset of each field. */
  function offsets(types: readonly WitType[]): number[] {
    let end = 0;
    return types.map(type => {
      const { size, align } = layout(type);
      const offset = alignTo(end, align);
      end = offset + size;
      return offset;
    });
  }

  /** Returns the layout of a variant: a one-byte discriminant and the payload of the largest case. */
  function choice(cases: readonly (WitType | undefined)[]): Layout {
    if (cases.length > 256) throw new Error('a type has more than 256 cases');
    const payload = payloadOffset(cases);
    const sizes = cases.map(each => (each ? layout(each) : { size: 0, align: 1 }));
    const align = Math.max(1, ...sizes.map(each => each.align));
    return { size: alignTo(payload + Math.max(0, ...sizes.map(each => each.size)), align), align };
  }

  /** Returns the offset of the payload. */
  const payloadOffset = (cases: readonly (WitType | undefined)[]): number =>
    Math.max(1, ...cases.map(each => (each ? layout(each).align : 1)));

  /** Flattens a type. Throws for variants whose cases differ in that, because no function passes one as parameters. */
  function flat(type: WitType, offset = 0): Flat[] {
    if (type.is === 'plain' && type.name !== 'string') {
      const name = type.name === 'bool' ? 'u8' : type.name === 'char' ? 'u32' : type.name;
      return [{ offset, type: name as Flat['type'] }];
    }
    if (type.is === 'plain' || type.is === 'list') {
      return [0, 4].map(each => ({ offset: offset + each, type: 'u32' as const }));
    }
    if (type.is === 'option') return [{ offset, type: 'u8' }, ...flat(type.of, offset + payloadOffset([type.of]))];
    if (type.is === 'tuple') return flats(type.of, offset);
    if (type.is === 'result') throw new Error('a result is passed as parameters');
    const { is, name, members } = define(type.name);
    if (is === 'enum') return [{ offset, type: 'u8' }];
    if (is === 'variant') {
      const payload = offset + payloadOffset(members.map(each => each.type));
      const cases = members.map(each => (each.type ? flat(each.type, payload) : []));
      const [first = [], ...others] = cases.map(each => JSON.stringify(each));
      if (others.some(each => each !== first)) throw new Error(`the variant ${name} is passed as parameters`);
      return [{ offset, type: 'u8' }, ...(cases[0] ?? [])];
    }
    return flats(
      members.flatMap(each => each.type ?? []),
      offset,
    );
  }

  function flats(types: readonly WitType[], offset = 0): Flat[] {
    const at = offsets(types);
    return types.flatMap((type, index) => flat(type, offset + (at[index] ?? 0)));
  }

  /** Returns the number of values that any type flattens into. */
  function countFlat(type: WitType): number {
    const most = (cases: readonly (WitType | undefined)[]) =>
      1 + Math.max(0, ...cases.map(each => (each ? countFlat(each) : 0)));
    if (type.is === 'result') return most([type.ok, type.error]);
    if (type.is === 'option') return most([type.of]);
    if (type.is === 'named') {
      const { is, members } = define(type.name);
      const types = members.map(each => each.type);
      if (is === 'variant') return most(types);
      if (is === 'enum') return 1;
      return types.reduce((sum, each) => sum + (each ? countFlat(each) : 0), 0);
    }
    if (type.is === 'tuple') return type.of.reduce((sum, each) => sum + countFlat(each), 0);
    return flat(type).length;
  }

  return { define, layout, sequence, offsets, payloadOffset, flats, countFlat };
}
