const placeholder = /\{([^{}]*)\}/g;
/** A label of a host in lower case (RFC 1123 § 2.1), also of a name in another script as it is on the wire. */
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** A segment of a path without characters that clients may write in another way (RFC 3986 § 2.3). */
const segment = /^[A-Za-z0-9._~-]+$/;
/** The longest name of a host (RFC 1035 § 2.3.4). */
const longestHost = 253;

/** Lists the placeholders of a host or a path. */
export const placeholdersIn = (text: string): readonly string[] =>
  [...text.matchAll(placeholder)].map(([, name = '']) => name);

/** Whether a part is a placeholder and nothing else. */
const isPlaceholder = (part: string) => part === '{binding}' || part === '{tenant}';

const unknownPlaceholder = (text: string) =>
  placeholdersIn(text).some(name => name !== 'binding' && name !== 'tenant')
    ? 'the placeholders are {binding} and {tenant}'
    : undefined;

/** Checks the host of a route; returns the problem, or undefined if it can be the name of a host. */
export function hostPatternProblem(text: string): string | undefined {
  const { name = '', port } = /^(?<name>[^:]*)(?::(?<port>\d{1,5}))?$/.exec(text)?.groups ?? {};
  const labels = name.split('.');
  if (text.includes('*')) return 'a route has no wildcards: write {binding} or {tenant} instead of a label';
  const unknown = unknownPlaceholder(name);
  if (unknown !== undefined) return unknown;
  if (labels.some(each => /[{}]/.test(each) && !isPlaceholder(each)))
    return 'a placeholder is a whole label of the host';
  if (isPlaceholder(labels.at(-1) ?? '')) return 'the last label of the host is not a placeholder';
  const isHost = labels.every(each => isPlaceholder(each) || label.test(each)) && Number(port ?? 1) <= 65_535;
  if (!isHost || name.length > longestHost || (labels.length === 4 && labels.every(each => /^\d+$/.test(each)))) {
    return 'expected a host in lower case, without a scheme, such as {binding}.example.com';
  }
  return undefined;
}

/** Checks the path of a route; returns the problem, or undefined if it can be a path. */
export function pathPatternProblem(text: string): string | undefined {
  const unknown = unknownPlaceholder(text);
  if (unknown !== undefined) return unknown;
  const [first, ...segments] = text.split('/');
  if (first !== '' || segments.length === 0) return 'expected a path that begins with a slash, such as /mcp/{binding}';
  if (segments.some(each => /[{}]/.test(each) && !isPlaceholder(each)))
    return 'a placeholder is a whole segment of the path';
  const isPath = segments.every(each => isPlaceholder(each) || (segment.test(each) && each !== '.' && each !== '..'));
  return isPath ? undefined : 'expected segments of letters, digits, dots and dashes, and no slash at the end';
}

/** Fills in a host. Returns undefined if a value cannot be a label of a host. */
export function filledHost(pattern: string, values: ReadonlyMap<string, string>): string | undefined {
  const [name = '', port] = pattern.split(':', 2);
  const labels = name
    .split('.')
    .map(each => (isPlaceholder(each) ? values.get(each.slice(1, -1))?.toLowerCase() : each));
  if (labels.some(each => each === undefined || !label.test(each))) return undefined;
  const filled = labels.join('.');
  if (filled.length > longestHost) return undefined;
  return port === undefined ? filled : `${filled}:${Number(port)}`;
}

/** Fills in a path. Returns undefined if a value cannot be a segment of a path. */
export function filledPath(pattern: string, values: ReadonlyMap<string, string>): string | undefined {
  const segments = pattern.split('/').slice(1);
  const filled = segments.map(each => (isPlaceholder(each) ? values.get(each.slice(1, -1)) : each));
  const isPath = filled.every(each => each !== undefined && segment.test(each) && each !== '.' && each !== '..');
  return isPath ? `/${filled.join('/')}` : undefined;
}
