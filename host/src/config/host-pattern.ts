const label = '[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?';
const host = `(?:${label}(?:\\.${label})*|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]{1,5})?`;

/** `name` or `name:port`, an IPv6 address in brackets: as Host has it (RFC 9110 § 7.2), and as registries are named. */
const hostPattern = new RegExp(`^${host}$`);
/** `scheme://name` or `scheme://name:port`: as browsers write an Origin (RFC 6454 § 6.2). */
const originPattern = new RegExp(`^[A-Za-z][A-Za-z0-9+.-]*://${host}$`);

const wildcard = 'wildcards match nothing here: name each one';

/** What is wrong with a name that must be as Host has it, and what to write; undefined when it can match. */
export function hostProblem(text: string): string | undefined {
  if (text.includes('*')) return wildcard;
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || !hostPattern.test(url.host))
    return 'expected a host such as mcp.example.com or mcp.example.com:8443';
  // A URL leaves out the port of its scheme, which is kept here when it was written.
  const port = /:(\d+)\/*$/.exec(text)?.[1];
  const meant = url.port === '' && port !== undefined ? `${url.hostname}:${Number(port)}` : url.host;
  if (meant === text.toLowerCase()) return undefined;
  return `expected a host as clients send it: write ${meant}`;
}

/** What is wrong with a name that must be as Origin has it, and what to write; undefined when it can match. */
export function originProblem(text: string): string | undefined {
  if (text.includes('*')) return wildcard;
  const url = URL.parse(text);
  const meant = `${url?.protocol}//${url?.host}`;
  if (!originPattern.test(meant)) return 'expected an origin such as https://app.example.com';
  return meant === text.toLowerCase() ? undefined : `expected an origin as browsers send it: write ${meant}`;
}
