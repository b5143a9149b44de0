/** The number of times that a URI may be percent-encoded. One that is encoded more often is taken to hide something. */
const mostEncodings = 4;

/** A step up, between characters at which servers split a path or a query. */
const stepUp = /(?:^|[/\\?#&=;:])\.\.(?:$|[/\\?#&=;])/;

/**
 * Whether a URI has a step to the folder above, also percent-encoded several times. Servers that resolve it would read
 * what a glob for the folder does not name.
 */
export function leavesFolder(uri: string): boolean {
  let text = uri;
  for (let round = 0; round <= mostEncodings; round += 1) {
    if (stepUp.test(text)) return true;
    const decoded = text.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
    if (decoded === text) return false;
    text = decoded;
  }
  return true;
}
