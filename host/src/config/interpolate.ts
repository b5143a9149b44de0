/** The result of replacing variables in a text. */
export interface Interpolated {
  readonly text: string;
  /** The variables used, with their values, so that messages can leave them out. */
  readonly used: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

const notAVariable = `\${ is not followed by a variable name: write \${NAME}, or $\${ for the two characters themselves`;
const opening = /\$?\$\{|[{}]/g;
const variable = /([A-Za-z_][A-Za-z0-9_]*)(:-|\})/y;
/** The maximum nesting of defaults, each of which uses some of the stack. */
const deepest = 20;

/**
 * Replaces `${NAME}` and `${NAME:-default}` (the default is also used for an empty variable); `$${` is a literal `${`.
 * A default may contain variables and pairs of braces; it ends at the first unpaired `}`. The value of a variable is
 * not interpolated again.
 */
export function interpolate(text: string, env: NodeJS.ProcessEnv): Interpolated {
  const used = new Map<string, string>();
  const problems: string[] = [];
  const whole = { text, env, used, problems };
  return { text: read(whole, 0, 0).text, used, problems };
}

interface Reading {
  readonly text: string;
  readonly env: NodeJS.ProcessEnv;
  readonly used: Map<string, string>;
  readonly problems: string[];
}

/** Reads to the end of the text, or of the default that starts at `from`; `end` is after its closing brace. */
function read(on: Reading, from: number, depth: number): { readonly text: string; readonly end: number | undefined } {
  let text = '';
  let braces = 0;
  let at = from;
  for (;;) {
    opening.lastIndex = at;
    const found = opening.exec(on.text);
    if (found === null) return { text: text + on.text.slice(at), end: undefined };
    text += on.text.slice(at, found.index);
    at = opening.lastIndex;
    const [token] = found;
    if (token === '${') {
      const inner = readVariable(on, at, depth);
      text += inner.text;
      at = inner.end;
      continue;
    }
    if (token === '}' && depth > 0 && braces === 0) return { text, end: at };
    braces += token === '}' ? -1 : 1;
    text += token === '$${' ? '${' : token;
  }
}

/** Reads a variable, starting after its `${`. */
function readVariable(on: Reading, from: number, depth: number): { readonly text: string; readonly end: number } {
  variable.lastIndex = from;
  const [, name, then] = variable.exec(on.text) ?? [];
  if (name === undefined || depth === deepest) {
    on.problems.push(name === undefined ? notAVariable : 'defaults are nested too deeply here');
    return { text: '', end: name === undefined ? from : on.text.length };
  }
  const value = on.env[name];
  if (then === '}') {
    if (value === undefined)
      on.problems.push(`the environment has no variable ${name}: set it, or write \${${name}:-default}`);
    else on.used.set(name, value);
    return { text: value ?? '', end: variable.lastIndex };
  }
  const isSet = value !== undefined && value !== '';
  // An unused default is read only to find its end; its variables may be missing.
  const within = isSet ? { ...on, env: anything, used: new Map<string, string>() } : on;
  const fallback = read(within, variable.lastIndex, depth + 1);
  if (fallback.end === undefined) on.problems.push(`the default of \${${name}:-…} has no } at its end`);
  if (isSet) on.used.set(name, value);
  return { text: isSet ? value : fallback.text, end: fallback.end ?? on.text.length };
}

/** An environment in which each variable is set. */
const anything: NodeJS.ProcessEnv = new Proxy({}, { get: () => 'x' });
