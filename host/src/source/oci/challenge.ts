/** One challenge of a `WWW-Authenticate` field (RFC 9110 § 11.6.1). Scheme and parameter names are lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const parameter = new RegExp(`(${token})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))`, 'y');
const scheme = new RegExp(`(${token})(?:[ \\t]+|(?=,)|$)`, 'y');
const token68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
const separator = /[ \t,]+/y;

/** Reads every challenge of the field; stops at what is not one. A parameter that comes twice keeps its first value. */
export function parseChallenges(field: string): readonly Challenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(field);
    if (match) at = pattern.lastIndex;
    return match;
  };
  while (at < field.length) {
    if (take(separator)) continue;
    const pair = found.length > 0 ? take(parameter) : null;
    if (pair) {
      const name = (pair[1] ?? '').toLowerCase();
      const parameters = found.at(-1)?.parameters;
      if (parameters && !parameters.has(name)) parameters.set(name, pair[2]?.replace(/\\(.)/g, '$1') ?? pair[3] ?? '');
      continue;
    }
    const start = take(scheme);
    if (!start) break;
    found.push({ scheme: (start[1] ?? '').toLowerCase(), parameters: new Map() });
    // `Negotiate dGVzdA==`: credentials-like text instead of parameters; nothing here can answer it.
    parameter.lastIndex = at;
    if (!parameter.test(field)) take(token68);
  }
  return found;
}
