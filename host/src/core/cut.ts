/** Marks the place where a text was cut. The secret mask knows it. */
export const ellipsis = '…';

/** Cuts a text to at most `length` characters and marks the cut. */
export const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length)}${ellipsis}` : text;
