const secretName =
  /(^|[-_.])(key|apikey|token|secret|pass|passwd|password|pwd|credentials?|auth|authorization|pat|jwt|dsn)$/i;
const secretPrefix =
  /\b(sk-|sk_|pk_|rk_|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|AKIA|ASIA|AIza|ya29\.|npm_|pypi-|hf_|eyJ)/;
/** Words with dashes between them, as in names of packages and folders. */
const words = /^[a-z]+([-_][a-z]+)*([-_]?\d+)*$/i;

/** Whether a name, of an option or a parameter, is that of a secret. */
export const isSecretName = (name: string): boolean =>
  secretName.test(name.replace(/([a-z])([A-Z])/g, '$1-$2').replace(/^-+/, ''));

/** Whether a value says nothing: a switch, or a small number. */
export const isPlain = (value: string): boolean => /^(true|false|yes|no|on|off|\d{1,5})?$/i.test(value);

/** Whether a text looks like a secret or contains one: a known prefix, a password in a URL, something random. */
export function looksSecret(text: string): boolean {
  if (secretPrefix.test(text) || /\/\/[^/?#\s]*@/.test(text)) return true;
  if ([...text.matchAll(/[?&;]([^=&;\s]+)=[^&;\s]/g)].some(([, name = '']) => isSecretName(name))) return true;
  return text.split(/[^A-Za-z0-9_+-]/).some(isRandom);
}

const isRandom = (part: string) =>
  part.length >= 20 && (part.match(/\d/g)?.length ?? 0) >= 2 && /[a-z]/i.test(part) && !words.test(part);
