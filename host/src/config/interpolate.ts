/** What a text with variables comes to, and what is wrong with them. */
export interface Interpolated {
  readonly text: string;
  /** Variables that took part, with their values: so that messages can be kept free of them. */
  readonly used: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

const notAVariable = `\${ begins no variable: write \${NAME}, or $\${ for the two characters themselves`;
const pattern = /\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\})?/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` (which also stands in for an empty variable); `$${` is a literal `${`.
 * What a variable holds is not looked at again.
 */
export function interpolate(text: string, env: NodeJS.ProcessEnv): Interpolated {
  const used = new Map<string, string>();
  const problems: string[] = [];
  const replaced = text.replace(pattern, (whole, name?: string, hasDefault?: string, fallback = '') => {
    if (whole === '$${') return '${';
    if (name === undefined) {
      problems.push(notAVariable);
      return whole;
    }
    const value = env[name];
    if (hasDefault !== undefined && (value === undefined || value === '')) return fallback;
    if (value === undefined) {
      problems.push(`the environment has no variable ${name}: set it, or write \${${name}:-default}`);
      return '';
    }
    used.set(name, value);
    return value;
  });
  return { text: replaced, used, problems };
}
