/** The number of times that a URI may be percent-encoded. */
const mostEncodings = 4;

/**
 * Returns what servers may make of a URI: percent-encoding, steps to other folders and repeated slashes are resolved, and
 * there is no fragment, nor a query of a file. Two URIs for which it is the same can name the same resource.
 */
export function resolvedUri(uri: string): string {
  let text = uri;
  for (let round = 0; round < mostEncodings; round += 1) {
    const decoded = decodedOnce(text);
    if (decoded === text) break;
    text = decoded;
  }
  const url = URL.parse(text);
  if (url === null) return text;
  url.hash = '';
  // They do not say which file it is.
  if (url.protocol === 'file:') url.search = '';
  const [beforePath = ''] = /^[^/]*(\/\/[^/]*)?/.exec(url.href) ?? [];
  const path = url.href.slice(beforePath.length);
  return beforePath + path.replaceAll(/\/{2,}/g, '/').replace(/\/$/, '');
}

function decodedOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replaceAll(/%([0-7][0-9a-f])/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  }
}
