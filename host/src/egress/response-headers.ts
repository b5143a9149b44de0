const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Returns the headers of a response that the guest sees: all but those about the connection. (RFC 9110 § 7.6.1) */
export const responseHeaders = (headers: Readonly<Record<string, string | string[] | undefined>>): [string, string][] =>
  Object.entries(headers).flatMap(([name, value]) =>
    hopByHop.has(name)
      ? []
      : (Array.isArray(value) ? value : [value]).flatMap(one =>
          one === undefined ? [] : [[name, one] as [string, string]],
        ),
  );
