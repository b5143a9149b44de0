import type { ContractFunction, ContractType } from './value-type.ts';

/**
 * Describes what is wrong with a value, starting with the place; returns undefined if the value has the expected type.
 */
export type Check = (value: unknown) => string | undefined;

/**
 * Creates a check for a type of the contract, for values in the form of jco's glue. It does not allocate for valid
 * values, because it runs for each value that a lane returns and each argument of a host function.
 */
export function checkOf(type: ContractType): Check {
  if (typeof type === 'string') return plainChecks[type] ?? unknownType(type);
  if ('list' in type) return listCheck(type.list);
  if ('option' in type) {
    const check = checkOf(type.option);
    return value => (value === undefined ? undefined : check(value));
  }
  if ('tuple' in type) return tupleCheck(type.tuple.map(checkOf));
  if ('record' in type) return recordCheck(type.record.map(([name, each]) => [camel(name), checkOf(each)]));
  if ('variant' in type)
    return variantCheck(new Map(type.variant.map(([name, each]) => [name, each === null ? null : checkOf(each)])));
  if ('enum' in type) {
    const names = new Set<unknown>(type.enum);
    return value => (names.has(value) ? undefined : `is not one of ${type.enum.join(', ')}`);
  }
  return unknownType(Object.keys(type).join());
}

/** Creates a check for the arguments of a function; its messages name the parameter. */
export function argumentsCheck({ params }: ContractFunction): (given: readonly unknown[]) => string | undefined {
  const checks = params.map(([name, type]) => [name, checkOf(type)] as const);
  return given => {
    for (let index = 0; index < checks.length; index += 1) {
      const [name, check] = checks[index] ?? nothing;
      const wrong = check(given[index]);
      if (wrong !== undefined) return `${name} ${wrong}`;
    }
    return undefined;
  };
}
const nothing = ['', () => undefined] as const;

const integer = (least: number, most: number): Check => {
  const wrong = `is not an integer from ${least} to ${most}`;
  return value =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most ? undefined : wrong;
};
const primitive = (type: 'string' | 'boolean' | 'number' | 'bigint'): Check => {
  const wrong = `is not a ${type}`;
  return value => (typeof value === type ? undefined : wrong);
};

const plainChecks: Readonly<Record<string, Check>> = {
  bool: primitive('boolean'),
  string: primitive('string'),
  char: primitive('string'),
  f32: primitive('number'),
  f64: primitive('number'),
  s64: primitive('bigint'),
  u64: primitive('bigint'),
  s8: integer(-0x80, 0x7f),
  s16: integer(-0x8000, 0x7fff),
  s32: integer(-0x8000_0000, 0x7fff_ffff),
  u8: integer(0, 0xff),
  u16: integer(0, 0xffff),
  u32: integer(0, 0xffff_ffff),
};

/** Checks bytes. They must not be in shared memory, where they could change while they are read. */
const bytesCheck: Check = value => {
  if (!ArrayBuffer.isView(value) || kindOf.call(value) !== 'Uint8Array') return 'is not bytes';
  return value.buffer instanceof SharedArrayBuffer ? 'is bytes in shared memory' : undefined;
};
/** The tag getter of typed arrays, which works for any realm: glue has a realm of its own. */
const kindOf: (this: unknown) => unknown =
  Reflect.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get ?? (() => '');

function listCheck(type: ContractType): Check {
  if (type === 'u8') return bytesCheck;
  const check = checkOf(type);
  return value => {
    if (!Array.isArray(value)) return 'is not a list';
    for (let index = 0; index < value.length; index += 1) {
      const wrong = check(value[index]);
      if (wrong !== undefined) return `at ${index} ${wrong}`;
    }
    return undefined;
  };
}

function tupleCheck(checks: readonly Check[]): Check {
  return value => {
    if (!Array.isArray(value) || value.length !== checks.length) return `is not a list of ${checks.length}`;
    for (const [index, check] of checks.entries()) {
      const wrong = check(value[index]);
      if (wrong !== undefined) return `at ${index} ${wrong}`;
    }
    return undefined;
  };
}

function recordCheck(fields: readonly (readonly [string, Check])[]): Check {
  return value => {
    if (typeof value !== 'object' || value === null) return 'is not a record';
    for (const [name, check] of fields) {
      const wrong = check((value as Readonly<Record<string, unknown>>)[name]);
      if (wrong !== undefined) return `${name} ${wrong}`;
    }
    return undefined;
  };
}

function variantCheck(cases: ReadonlyMap<unknown, Check | null>): Check {
  return value => {
    if (typeof value !== 'object' || value === null) return 'is not a variant';
    const { tag, val } = value as { readonly tag?: unknown; readonly val?: unknown };
    const check = cases.get(tag);
    if (check === undefined) return `has a case that is not one of ${[...cases.keys()].join(', ')}`;
    const wrong = check?.(val);
    return wrong === undefined ? undefined : `${tag} ${wrong}`;
  };
}

/** Converts a WIT name to the one that jco uses in JavaScript. */
export const camel = (kebab: string): string => kebab.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

function unknownType(type: string): never {
  throw new Error(`values of type ${type} cannot be passed between plugins and the host`);
}
