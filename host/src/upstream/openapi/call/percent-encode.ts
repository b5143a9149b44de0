/** Percent-encodes everything but unreserved characters (RFC 3986 § 2.3). */
export const encoded = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** Percent-encodes what a query cannot have, and leaves reserved characters and what is encoded already. */
export const encodedButReserved = (text: string): string =>
  encoded(text).replace(/%(?:3A|2F|3F|5B|5D|40|21|24|27|28|29|2A|2C|3B|3D)/gi, code => decodeURIComponent(code));
