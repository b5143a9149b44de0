/** What a terminal obeys, or what makes text look like other text; line ends and tabs are not among it. */
const hidden = /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * The same text with each control and formatting character written as JSON escapes it (`\u001b`), so that nobody's
 * words move a cursor, colour a line or turn the reading direction. Applied to JSON, it yields JSON of the same value.
 */
export const visible = (text: string): string => text.replace(hidden, escaped);

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
    .map(unit => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');
