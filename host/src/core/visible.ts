/** Control and format characters, which a terminal interprets or which disguise text; except line breaks and tabs. */
const hidden = /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Escapes control and format characters as JSON does (`\u001b`), so that untrusted text cannot move a cursor, colour a
 * line or change the reading direction. Applied to JSON, the result is JSON with the same value.
 */
export const visible = (text: string): string => text.replace(hidden, escaped);

/** Replaces line breaks, control and format characters by spaces, so that untrusted text stays in its line. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
    .map(unit => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');
