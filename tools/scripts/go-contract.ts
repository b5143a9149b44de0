import { goTag } from '../cli/src/build/authored-kinds.ts';
import type {
  WitDefinition,
  WitFunction,
  WitInterface,
  WitMember,
  WitPackage,
  WitType,
} from '../cli/src/build/parse-wit.ts';
import { createLayouts, type Flat, mostFlat } from './wit-layout.ts';

/** Interfaces of the contract that Go plugins export, by kind, and those that they may import. */
export interface GoWorld {
  readonly exports: Readonly<Record<string, readonly string[]>>;
  readonly imports: readonly string[];
}

/** Initialisms that Go writes in capitals. */
const initialisms = new Map([
  ...['id', 'json', 'uri', 'url', 'http', 'kv'].map(word => [word, word.toUpperCase()] as const),
  ['urls', 'URLs'],
]);
const pascal = (kebab: string): string =>
  kebab
    .split('-')
    .map(word => initialisms.get(word) ?? word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
const camel = (kebab: string): string => {
  const [first = '', ...rest] = kebab.split('-');
  return first + pascal(rest.join('-'));
};
const comment = (lines: readonly string[], indent = ''): string => lines.map(line => `${indent}// ${line}\n`).join('');
const goScalar: Readonly<Record<string, string>> = {
  bool: 'bool',
  char: 'rune',
  string: 'string',
  u8: 'uint8',
  u16: 'uint16',
  u32: 'uint32',
  u64: 'uint64',
  s8: 'int8',
  s16: 'int16',
  s32: 'int32',
  s64: 'int64',
  f32: 'float32',
  f64: 'float64',
};
const scalar = (name: string): string => goScalar[name] ?? name;
/** Returns the Go type with which a flattened number is passed. */
const passed = (type: Flat['type']): string => (/^[us](8|16)$/.test(type) ? 'uint32' : scalar(type));
const zeroOf = (go: string): string =>
  go === 'string' ? '""' : go === 'bool' ? 'false' : /^(u?int|float)/.test(go) ? '0' : 'nil';

/**
 * Generates the contract in Go, by file: its types and their memory layout, the host's functions, and the exports that
 * the host calls. Generated code uses memory.go, which is written by hand. Throws for parts of WIT it does not support.
 */
export function goContract(wit: WitPackage, world: GoWorld): ReadonlyMap<string, string> {
  const { define, layout, sequence, offsets, payloadOffset, flats, countFlat } = createLayouts(wit);
  const [namespace, version] = wit.id.split('@') as [string, string];
  const qualified = ({ name }: WitInterface) => `${namespace}/${name}@${version}`;
  const find = (name: string): WitInterface => {
    const found = wit.interfaces.find(each => each.name === name);
    if (found === undefined) throw new Error(`no interface is named ${name}`);
    return found;
  };
  const imported = world.imports.map(find);
  const exported = Object.entries(world.exports).map(([kind, names]) => ({ kind, interfaces: names.map(find) }));

  const reached = new Set<WitDefinition>();
  const errors = new Set<WitDefinition>();
  const used = [...imported, ...exported.flatMap(({ interfaces }) => interfaces)];
  for (const { params, result } of used.flatMap(({ functions }) => functions)) {
    for (const { type } of params) if (type) reach(type);
    if (result) reach(result);
    if (result?.is === 'result' && result.error?.is === 'named') errors.add(define(result.error.name));
  }
  function reach(type: WitType): void {
    if (type.is === 'list' || type.is === 'option') reach(type.of);
    if (type.is === 'tuple') type.of.forEach(reach);
    if (type.is === 'result') for (const each of [type.ok, type.error]) if (each) reach(each);
    if (type.is !== 'named') return;
    const definition = define(type.name);
    if (reached.has(definition)) return;
    reached.add(definition);
    for (const member of definition.members) if (member.type) reach(member.type);
  }
  const definitions = wit.interfaces.flatMap(({ types }) => types).filter(each => reached.has(each));
  const variants = definitions.filter(({ is }) => is === 'variant');

  const isSlice = (type: WitType): boolean =>
    type.is === 'list' ||
    (type.is === 'named' && define(type.name).is === 'alias' && isSlice(aliased(define(type.name))));
  const aliased = ({ name, members }: WitDefinition): WitType => {
    const type = members[0]?.type;
    if (type === undefined) throw new Error(`the alias ${name} has no type`);
    return type;
  };
  const isVariant = (type: WitType): boolean => type.is === 'named' && define(type.name).is === 'variant';

  function goType(type: WitType): string {
    if (type.is === 'plain') return scalar(type.name);
    if (type.is === 'list') return type.of.is === 'plain' && type.of.name === 'u8' ? '[]byte' : `[]${goType(type.of)}`;
    if (type.is === 'option') return isSlice(type.of) ? goType(type.of) : `*${goType(type.of)}`;
    if (type.is === 'tuple') return `[${type.of.length}]${goType(same(type.of))}`;
    if (type.is === 'named') return pascal(type.name);
    throw new Error('a result is supported only as the return type of a function');
  }
  /** Converts a tuple to an array, because Go has no tuples. */
  function same(types: readonly WitType[]): WitType {
    const [first, ...rest] = types;
    if (first === undefined || rest.some(each => goType(each) !== goType(first)))
      throw new Error('a tuple of different types is not supported');
    return first;
  }

  /** Returns an expression for a function that reads a value of this type. */
  function reader(type: WitType): string {
    if (type.is === 'plain') return type.name === 'string' ? 'readString' : `load[${scalar(type.name)}]`;
    if (type.is === 'named' && define(type.name).is === 'enum') return `load[${pascal(type.name)}]`;
    if (type.is === 'named' && define(type.name).is === 'alias') return reader(aliased(define(type.name)));
    if (type.is === 'named') return `read${pascal(type.name)}`;
    if (type.is === 'list' && goType(type) === '[]byte') return 'readBytes';
    return `func(at address) ${goType(type)} { return ${read(type, 'at')} }`;
  }
  function read(type: WitType, at: string): string {
    if (type.is === 'named' && define(type.name).is === 'alias') return read(aliased(define(type.name)), at);
    if (type.is === 'list' && goType(type) !== '[]byte') {
      return `readList(${at}, ${layout(type.of).size}, ${reader(type.of)})`;
    }
    if (type.is === 'option') {
      const how = isSlice(type.of) ? 'readOptionalList' : 'readOption';
      return `${how}(${at}, ${payloadOffset([type.of])}, ${reader(type.of)})`;
    }
    if (type.is === 'tuple') {
      const parts = offsets(type.of).map((offset, index) => read(type.of[index] ?? same(type.of), `${at}+${offset}`));
      return `${goType(type)}{${parts.join(', ')}}`;
    }
    return `${reader(type)}(${at})`;
  }

  /** Returns an expression for a function that writes a value of this type. */
  function writer(type: WitType): string {
    if (type.is === 'plain') return type.name === 'string' ? 'writeString' : `store[${scalar(type.name)}]`;
    if (type.is === 'named' && define(type.name).is === 'enum') return `store[${pascal(type.name)}]`;
    if (type.is === 'named' && define(type.name).is === 'alias') return writer(aliased(define(type.name)));
    if (type.is === 'named') return `write${pascal(type.name)}`;
    if (type.is === 'list' && goType(type) === '[]byte') return 'writeBytes';
    return `func(m *memory, at address, value ${goType(type)}) { ${write(type, 'at', 'value')} }`;
  }
  function write(type: WitType, at: string, value: string): string {
    if (type.is === 'named' && define(type.name).is === 'alias') return write(aliased(define(type.name)), at, value);
    if (type.is === 'list' && goType(type) !== '[]byte') {
      return `writeList(m, ${at}, ${value}, ${layout(type.of).size}, ${writer(type.of)})`;
    }
    if (type.is === 'option') {
      const how = isSlice(type.of) ? 'writeOptionalList' : 'writeOption';
      return `${how}(m, ${at}, ${value}, ${payloadOffset([type.of])}, ${writer(type.of)})`;
    }
    if (type.is === 'tuple') {
      const parts = offsets(type.of).map((offset, index) =>
        write(type.of[index] ?? same(type.of), `${at}+${offset}`, `${value}[${index}]`),
      );
      return parts.join('; ');
    }
    return `${writer(type)}(m, ${at}, ${value})`;
  }

  /** Returns the type of a case. Equal cases of several variants share one type; a record of the same name is reused. */
  function caseType(variant: WitDefinition, { name, type }: WitMember): { readonly go: string; readonly own: boolean } {
    if (type?.is === 'named' && type.name === name && define(name).is === 'record') {
      return { go: `*${pascal(name)}`, own: false };
    }
    const namesakes = variants.flatMap(({ members }) => members.filter(each => each.name === name));
    const payload = JSON.stringify(type);
    const taken = definitions.some(each => each.name === name);
    if (!taken && namesakes.every(each => JSON.stringify(each.type) === payload))
      return { go: pascal(name), own: true };
    if (type?.is === 'named') return { go: pascal(name) + pascal(type.name), own: true };
    return { go: pascal(variant.name) + pascal(name), own: true };
  }

  function definitionText(definition: WitDefinition): string {
    const go = pascal(definition.name);
    const about = comment(
      definition.doc.length > 0 ? definition.doc : [`${go} is \`${definition.name}\` of the contract.`],
    );
    if (definition.is === 'alias') return `${about}type ${go} = ${goType(aliased(definition))}\n`;
    if (definition.is === 'enum') {
      const cases = definition.members.map(({ name, doc }) => `${comment(doc, '\t')}\t${go}${pascal(name)}`);
      cases[0] += ` ${go} = iota`;
      return `${about}type ${go} uint8\n\nconst (\n${cases.join('\n')}\n)\n`;
    }
    return definition.is === 'record' ? recordText(definition, go, about) : variantText(definition, go, about);
  }

  function recordText({ members }: WitDefinition, go: string, about: string): string {
    const types = members.flatMap(({ type }) => type ?? []);
    const at = offsets(types);
    const each = (line: (field: string, type: WitType, offset: number, doc: readonly string[]) => string) =>
      members.map(({ name, doc }, index) => line(pascal(name), types[index] as WitType, at[index] ?? 0, doc)).join('');
    return [
      `${about}type ${go} struct {\n${each((field, type, _, doc) => `${comment(doc, '\t')}\t${field} ${goType(type)}\n`)}}\n`,
      `func read${go}(at address) ${go} {\n\treturn ${go}{\n${each((field, type, offset) => `\t\t${field}: ${read(type, `at+${offset}`)},\n`)}\t}\n}\n`,
      `func write${go}(m *memory, at address, value ${go}) {\n${each((field, type, offset) => `\t${write(type, `at+${offset}`, `value.${field}`)}\n`)}}\n`,
    ].join('\n');
  }

  function variantText(definition: WitDefinition, go: string, about: string): string {
    const { members, name } = definition;
    const payload = payloadOffset(members.map(({ type }) => type));
    const cases = members.map(member => ({ ...member, ...caseType(definition, member) }));
    const isError = errors.has(definition);
    const lists = comment([`It is one of ${cases.map(each => each.go).join(', ')}.`]);
    const reads = cases.map(({ go: of, own, type }, index) => {
      if (type === undefined) return `\tcase ${index}:\n\t\treturn ${of}{}\n`;
      const value = read(type, `at+${payload}`);
      if (!own) return `\tcase ${index}:\n\t\tvalue := ${value}\n\t\treturn &value\n`;
      return `\tcase ${index}:\n\t\treturn ${isVariant(type) ? `${of}{${value}}` : `${of}(${value})`}\n`;
    });
    const writes = cases.map(({ go: of, own, type }, index) => {
      const line = `\tcase ${of}:\n\t\tstore(m, at, uint8(${index}))\n`;
      if (type === undefined) return line;
      const bare = !own ? '*value' : isVariant(type) ? `value.${goType(type)}` : `${goType(type)}(value)`;
      return `${line}\t\t${write(type, `at+${payload}`, bare)}\n`;
    });
    const bound = cases.some(({ type }) => type !== undefined) ? 'value := value' : 'value';
    return [
      `${about}//\n${lists}type ${go} interface {\n${isError ? '\terror\n' : ''}\tis${go}()\n}\n`,
      cases.map(({ go: of }) => `func (${of}) is${go}() {}\n`).join(''),
      `func read${go}(at address) ${go} {\n\tswitch load[uint8](at) {\n${reads.join('')}\t}\n\tpanic("sallyport: a ${name} of an unknown case")\n}\n`,
      `func write${go}(m *memory, at address, value ${go}) {\n\tswitch ${bound}.(type) {\n${writes.join('')}\tdefault:\n\t\tpanic("sallyport: there is no ${go}, it is nil")\n\t}\n}\n`,
    ].join('\n');
  }

  function caseTexts(): string[] {
    const texts = new Map<string, { text: string; readonly in: string[] }>();
    for (const variant of variants) {
      for (const member of variant.members) {
        const { go, own } = caseType(variant, member);
        if (!own) continue;
        const known = texts.get(go);
        if (known) {
          known.in.push(pascal(variant.name));
          continue;
        }
        const { name, type, doc } = member;
        const base = type === undefined ? 'struct{}' : isVariant(type) ? `struct{ ${goType(type)} }` : goType(type);
        const words = name.replaceAll('-', ' ');
        const said = type && goType(type) === 'string' ? `"${words}: " + string(e)` : `"${words}"`;
        const receiver = said.includes('string(e)') ? 'e ' : '';
        const error = errors.has(variant) ? `\nfunc (${receiver}${go}) Error() string { return ${said} }\n` : '';
        texts.set(go, { text: `${comment(doc)}type ${go} ${base}\n${error}`, in: [pascal(variant.name)] });
      }
    }
    return [...texts].map(([go, each]) => `${comment([`${go} is a case of ${each.in.join(', ')}.`])}${each.text}`);
  }

  /** Returns the Go return types of a function and the code that reads them from memory. */
  function results(type: WitType | undefined) {
    if (type === undefined) return { types: [] as string[] };
    if (type.is === 'option' && !isSlice(type.of)) return { types: [goType(type.of), 'bool'] };
    if (type.is !== 'result') return { types: [goType(type)] };
    const ok: readonly string[] = results(type.ok).types;
    return { types: [...ok, 'error'] };
  }
  const signature = ({ params, result }: WitFunction): string => {
    const { types } = results(result);
    const yields = types.length > 1 ? ` (${types.join(', ')})` : types.length === 1 ? ` ${types[0]}` : '';
    return `(${params.map(({ name, type }) => `${camel(name)} ${type ? goType(type) : ''}`).join(', ')})${yields}`;
  };
  const paramTypes = ({ params }: WitFunction): WitType[] => params.flatMap(({ type }) => type ?? []);
  const countParams = (types: readonly WitType[]) => types.reduce((sum, each) => sum + countFlat(each), 0);
  const unsupported = (name: string, why: string): never => {
    throw new Error(`${name}: ${why}, which the generator for Go does not know`);
  };

  /** Generates a host function: its parameters are written to memory and passed as the flattened numbers found there. */
  function importText(from: WitInterface, definition: WitFunction) {
    const name = pascal(from.name) + pascal(definition.name);
    const types = paramTypes(definition);
    if (countParams(types) > mostFlat) unsupported(name, 'more than 16 parameters');
    const at = offsets(types);
    const { size } = sequence(types);
    const { result } = definition;
    const direct = result !== undefined && countFlat(result) === 1;
    const spaced = result === undefined || direct ? size : Math.ceil(size / 8) * 8 + layout(result).size;
    const there = `area+${Math.ceil(size / 8) * 8}`;
    const numbers = flats(types);
    const args = numbers.map(({ offset, type }) => {
      const load = `load[${scalar(type)}](area+${offset})`;
      return passed(type) === scalar(type) ? load : `${passed(type)}(${load})`;
    });
    if (result !== undefined && !direct) args.push(`uint32(${there})`);
    const raw = `import${name}`;
    const yields = direct ? ` ${scalar((result as { name: string }).name)}` : '';
    const rawParams = [
      ...numbers.map(({ type }, index) => `p${index} ${passed(type)}`),
      ...(result !== undefined && !direct ? ['result uint32'] : []),
    ];
    const lines = [
      ...(spaced > 0 ? ['m := &memory{}', 'defer runtime.KeepAlive(m)', `area := m.allocate(${spaced})`] : []),
      ...definition.params.map(({ name: param }, index) =>
        write(types[index] as WitType, `area+${at[index] ?? 0}`, camel(param)),
      ),
    ];
    const call = `${raw}(${args.join(', ')})`;
    if (direct) lines.push(`return ${call}`);
    else lines.push(call);
    if (result !== undefined && !direct) lines.push('defer release()', ...yieldLines(result, there));
    const above = [
      `${name} is \`${definition.name}\` of \`${from.name}\`.`,
      ...(definition.doc.length > 0 ? ['', ...definition.doc] : []),
    ];
    return {
      text: `${comment(above).replace(/ +$/gm, '')}func ${name}${signature(definition)} {\n${lines.map(line => `\t${line}\n`).join('')}}\n`,
      raw: `//go:wasmimport ${qualified(from)} ${definition.name}\nfunc ${raw}(${rawParams.join(', ')})${yields}\n`,
      stub: `func ${raw}(${rawParams.map(each => each.replace(/^\w+/, '_')).join(', ')})${yields} { panic(outside) }\n`,
    };
  }

  function yieldLines(type: WitType, at: string): string[] {
    if (type.is === 'result') {
      const payload = payloadOffset([type.ok, type.error]);
      const { ok, error } = type;
      const { types } = results(ok);
      const nothing = types.map(each => `${zeroOf(each)}, `).join('');
      const failed = error === undefined ? 'errors.New("failed")' : goError(error, `${at}+${payload}`);
      const first = ok === undefined ? ['return nil'] : yieldLines(ok, `${at}+${payload}`).map(line => `${line}, nil`);
      // A record has no nil.
      const zero =
        types[0] !== undefined && ok?.is === 'named' && define(ok.name).is === 'record' ? `${types[0]}{}, ` : nothing;
      return [`if load[uint8](${at}) != 0 {`, `\treturn ${zero}${failed}`, '}', ...first];
    }
    if (type.is === 'option' && !isSlice(type.of)) {
      return [`return optional(${read(type, at)})`];
    }
    return [`return ${read(type, at)}`];
  }
  const goError = (type: WitType, at: string): string =>
    goType(type) === 'string' ? `errors.New(${read(type, at)})` : read(type, at);

  /** Generates an export that the host calls. Its result stays in memory until the next call. */
  function exportText(kind: string, of: WitInterface, definition: WitFunction): string {
    const types = paramTypes(definition);
    const at = offsets(types);
    const { size } = sequence(types);
    const { result } = definition;
    const method = camel(definition.name);
    if (result?.is !== 'result') return unsupported(method, 'no result');
    const byMemory = countParams(types) > mostFlat;
    const numbers = byMemory ? [] : flats(types);
    const params = byMemory ? 'area address' : numbers.map(({ type }, index) => `p${index} ${passed(type)}`).join(', ');
    const args = types.map((type, index) => read(type, `area+${at[index] ?? 0}`));
    const names = definition.params.map(({ name }) => camel(name));
    const payload = payloadOffset([result.ok, result.error]);
    const lines = [
      'm := &memory{}',
      ...(byMemory ? [] : [`area := m.allocate(${size})`]),
      ...numbers.map(({ offset, type }, index) => {
        const value = passed(type) === scalar(type) ? `p${index}` : `${scalar(type)}(p${index})`;
        return `store(m, area+${offset}, ${value})`;
      }),
      `${names.join(', ')} := ${args.join(', ')}`,
      'release()',
      `result := m.allocate(${layout(result).size})`,
      `${result.ok ? 'value, ' : ''}err := exported${pascal(kind)}.${method}(${names.join(', ')})`,
      'if err != nil {',
      '\tstore(m, result, uint8(1))',
      `\twriteString(m, result+${payload}, err.Error())`,
      '\treturn m.hold(result)',
      '}',
      ...(result.ok ? [write(result.ok, `result+${payload}`, 'value')] : []),
      'return m.hold(result)',
    ];
    if (result.error === undefined || goType(result.error) !== 'string')
      unsupported(method, 'an error that is no text');
    const where = `//go:wasmexport ${qualified(of)}#${definition.name}\n`;
    return `${where}func export${pascal(definition.name)}(${params}) address {\n${lines.map(line => `\t${line}\n`).join('')}}\n`;
  }

  const head = (extra = '') =>
    `// Code generated from wit/ by tools/scripts/generate-go-sdk.ts; DO NOT EDIT.\n\n${extra}package sallyport\n`;
  const functions = imported.flatMap(from => from.functions.map(each => importText(from, each)));
  return new Map([
    ['types.go', [head(), ...definitions.map(definitionText), ...caseTexts()].join('\n')],
    ['imports.go', [head(), 'import (\n\t"errors"\n\t"runtime"\n)\n', ...functions.map(each => each.text)].join('\n')],
    ['imports_wasip1.go', [head(), ...functions.map(each => each.raw)].join('\n')],
    [
      'imports_other.go',
      [
        head('//go:build !wasip1\n\n'),
        '// So that editors and tests of a plugin know these functions.\nconst outside = "sallyport: the host\'s functions are there within the gateway only"\n',
        functions.map(each => each.stub).join(''),
      ].join('\n'),
    ],
    ...exported.map(({ kind, interfaces }) => {
      const texts = interfaces.flatMap(of => of.functions.map(each => exportText(kind, of, each)));
      return [`exports_${kind}_wasip1.go`, [head(`//go:build ${goTag(kind)}\n\n`), ...texts].join('\n')] as const;
    }),
  ]);
}
