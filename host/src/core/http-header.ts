/** Header fields in the order in which they are sent. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** The characters of a header's name (RFC 9110 § 5.1). */
export const headerName: RegExp = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** A header's name in lower case, as it is written in grants. */
export const lowerHeaderName: RegExp = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** Whether a header may have this name. */
export const isHeaderName = (name: string): boolean => headerName.test(name);

/** Whether a header may have this value; a line break would begin another header (RFC 9110 § 5.5). */
export const isHeaderValue = (value: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(value);

/** Whether both the name and the value of a header are well-formed. */
export const isHeader = ([name, value]: HeaderList[number]): boolean => isHeaderName(name) && isHeaderValue(value);

/**
 * Headers of requests to an upstream that the gateway sets itself: they belong to the connection, the body or the MCP
 * session.
 */
export const gatewayHeaders: ReadonlySet<string> = new Set([
  ...['accept', 'accept-encoding', 'connection', 'content-encoding', 'content-length', 'content-type', 'expect'],
  ...['keep-alive', 'last-event-id', 'mcp-protocol-version', 'mcp-session-id', 'proxy-connection', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade'],
]);
