/** The entities of the characters that HTML reserves. */
export const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes a text for HTML, also within the quotes of an attribute. */
export const htmlText = (text: string): string =>
  text.replace(/[&<>"']/g, character => entities[character] ?? character);
