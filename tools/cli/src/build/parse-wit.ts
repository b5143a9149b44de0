/** A type of the contract, as written in WIT. */
export type WitType =
  | { readonly is: 'plain'; readonly name: string }
  | { readonly is: 'named'; readonly name: string }
  | { readonly is: 'list'; readonly of: WitType }
  | { readonly is: 'option'; readonly of: WitType }
  | { readonly is: 'tuple'; readonly of: readonly WitType[] }
  | { readonly is: 'result'; readonly ok?: WitType; readonly error?: WitType };

/** A field, a case or a parameter: a name with an optional type. */
export interface WitMember {
  readonly name: string;
  readonly doc: readonly string[];
  readonly type?: WitType;
}

export interface WitDefinition {
  readonly is: 'record' | 'variant' | 'enum' | 'alias';
  readonly name: string;
  readonly doc: readonly string[];
  /** Fields or cases; for an alias, the one type it names. */
  readonly members: readonly WitMember[];
}

export interface WitFunction {
  readonly name: string;
  readonly doc: readonly string[];
  readonly params: readonly WitMember[];
  readonly result?: WitType;
}

export interface WitInterface {
  readonly name: string;
  readonly doc: readonly string[];
  readonly types: readonly WitDefinition[];
  readonly functions: readonly WitFunction[];
}

export interface WitPackage {
  /** The name with its version, for example `sallyport:plugin@0.1.0`. */
  readonly id: string;
  readonly interfaces: readonly WitInterface[];
}

const plain = new Set(['bool', 'u8', 'u16', 'u32', 'u64', 's8', 's16', 's32', 's64', 'f32', 'f64', 'char', 'string']);
const token = /\s*(?:(\/\/\/[^\n]*)|\/\/[^\n]*|(->|[A-Za-z%][\w-]*|[^\s]))/y;

/**
 * Reads the interfaces of a package: records, variants, enums, aliases and functions (Component Model § WIT). Worlds
 * are skipped. Throws for any other syntax.
 */
export function parseWit(text: string): WitPackage {
  const tokens: { readonly text: string; readonly doc: readonly string[] }[] = [];
  let doc: string[] = [];
  token.lastIndex = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [, comment, word] = match;
    if (comment !== undefined) doc.push(comment.slice(3).trim());
    else if (word !== undefined) {
      tokens.push({ text: word.replace('%', ''), doc });
      doc = [];
    }
  }
  let at = 0;
  const peek = () => tokens[at]?.text;
  const next = (): string => tokens[at++]?.text ?? wrong('the end');
  const wrong = (what: string): never => {
    throw new Error(
      `WIT: ${what} after ${tokens
        .slice(Math.max(0, at - 8), at)
        .map(each => each.text)
        .join(' ')}`,
    );
  };
  const take = (expected: string) => {
    const found = next();
    if (found !== expected) wrong(`${found} instead of ${expected}`);
  };
  const takeIf = (expected: string) => peek() === expected && at++ >= 0;
  const untilSemicolon = () => {
    let words = '';
    for (let word = next(); word !== ';'; word = next()) words += word;
    return words;
  };
  const listed = <T>(close: string, read: () => T): T[] => {
    const all: T[] = [];
    while (!takeIf(close)) {
      all.push(read());
      if (!takeIf(',')) {
        take(close);
        break;
      }
    }
    return all;
  };

  function type(): WitType {
    const name = next();
    if (plain.has(name)) return { is: 'plain', name };
    if (name === 'list' || name === 'option') {
      take('<');
      const of = type();
      take('>');
      return { is: name, of };
    }
    if (name === 'tuple') {
      take('<');
      return { is: 'tuple', of: listed('>', type) };
    }
    if (name === 'result') {
      const [ok, error] = takeIf('<') ? listed('>', () => (takeIf('_') ? undefined : type())) : [];
      return { is: 'result', ...(ok && { ok }), ...(error && { error }) };
    }
    return { is: 'named', name };
  }

  const member = (typed: () => WitType | undefined) => (): WitMember => {
    const above = tokens[at]?.doc ?? [];
    const name = next();
    const found = typed();
    return { name, doc: above, ...(found && { type: found }) };
  };
  const field = member(() => {
    take(':');
    return type();
  });
  const variantCase = member(() => {
    if (!takeIf('(')) return undefined;
    const payload = type();
    take(')');
    return payload;
  });

  function parseInterface(about: readonly string[]): WitInterface {
    const name = next();
    take('{');
    const types: WitDefinition[] = [];
    const functions: WitFunction[] = [];
    while (!takeIf('}')) {
      const above = tokens[at]?.doc ?? [];
      const word = next();
      if (word === 'use') untilSemicolon();
      else if ((word === 'record' || word === 'variant' || word === 'enum') && peek() !== ':') {
        const of = next();
        take('{');
        types.push({ is: word, name: of, doc: above, members: listed('}', word === 'record' ? field : variantCase) });
      } else if (word === 'type' && peek() !== ':') {
        const of = next();
        take('=');
        types.push({ is: 'alias', name: of, doc: above, members: [{ name: of, doc: [], type: type() }] });
        take(';');
      } else {
        take(':');
        take('func');
        take('(');
        const params = listed(')', field);
        const result = takeIf('->') ? type() : undefined;
        take(';');
        functions.push({ name: word, doc: above, params, ...(result && { result }) });
      }
    }
    return { name, doc: about, types, functions };
  }

  let id = '';
  const interfaces: WitInterface[] = [];
  while (at < tokens.length) {
    const above = tokens[at]?.doc ?? [];
    const word = next();
    if (word === 'package') id = untilSemicolon();
    else if (word === 'interface') interfaces.push(parseInterface(above));
    else if (word === 'world') {
      while (next() !== '}');
    } else wrong(word);
  }
  return { id, interfaces };
}
