import { gatewayHeaders } from '../core/http-header.ts';

/** Matches a field value (RFC 9110 § 5.5), with the white space around it, which is not part of it. */
export const headerValue = /^[\t\r\n ]*(?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?[\t\r\n ]*$/;

/** Checks the names of headers that an operator adds to requests. */
export function headerNameProblems(
  headers: Readonly<Record<string, unknown>>,
): readonly { name: string; message: string }[] {
  const seen = new Set<string>();
  return Object.keys(headers).flatMap(name => {
    const lower = name.toLowerCase();
    const isTwin = seen.has(lower);
    seen.add(lower);
    if (gatewayHeaders.has(lower)) return [{ name, message: `the gateway sets the header ${lower} itself: remove it` }];
    return isTwin ? [{ name, message: `the header ${lower} is set twice: remove one` }] : [];
  });
}
