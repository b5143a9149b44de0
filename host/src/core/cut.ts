/** What stands where the rest was. The mask of secrets knows it. */
export const ellipsis = '…';

/** A text that is at most `length` characters long, and says so when it was longer. */
export const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length)}${ellipsis}` : text;
