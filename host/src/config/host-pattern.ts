const label = '[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?';
const host = `(?:${label}(?:\\.${label})*|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]{1,5})?`;

/** Matches `name` or `name:port`, with IPv6 addresses in brackets, as in Host (RFC 9110 § 7.2) and registry names. */
const hostPattern = new RegExp(`^${host}$`);
/** Matches `scheme://name` or `scheme://name:port`, as browsers write an Origin (RFC 6454 § 6.2). */
const originPattern = new RegExp(`^[A-Za-z][A-Za-z0-9+.-]*://${host}$`);

const wildcard = 'wildcards are not supported here: list each name';

/** Returns the domain of `*.example.com`; undefined for anything else. */
export const wildcardDomain = (text: string): string | undefined =>
  text.startsWith('*.') && hostProblem(text.slice(2)) === undefined ? text.slice(2).toLowerCase() : undefined;

/** Checks a name that is compared with Host, or all names of a domain with one label more. */
export const hostOrWildcardProblem = (text: string): string | undefined =>
  wildcardDomain(text) === undefined ? hostProblem(text) : undefined;

/** Checks a name that is compared with Host; returns the problem and the fix, or undefined if it can match. */
export function hostProblem(text: string): string | undefined {
  if (text.includes('*')) return wildcard;
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || !hostPattern.test(url.host))
    return 'expected a host such as mcp.example.com or mcp.example.com:8443';
  // A URL drops the default port of its scheme; it is kept here if it was written.
  const port = /:(\d+)\/*$/.exec(text)?.[1];
  const meant = url.port === '' && port !== undefined ? `${url.hostname}:${Number(port)}` : url.host;
  if (meant === text.toLowerCase()) return undefined;
  return `expected a host as clients send it: write ${meant}`;
}

/** Checks a name that is compared with Origin; returns the problem and the fix, or undefined if it can match. */
export function originProblem(text: string): string | undefined {
  if (text.includes('*')) return wildcard;
  const url = URL.parse(text);
  const meant = `${url?.protocol}//${url?.host}`;
  if (!originPattern.test(meant)) return 'expected an origin such as https://app.example.com';
  return meant === text.toLowerCase() ? undefined : `expected an origin as browsers send it: write ${meant}`;
}
