/** The most characters of a text that are looked at. */
export const longestText = 4_096;
/** Words that are in too many descriptions to distinguish them. */
const common = new Set('a an and are as at be by for from in is it its of on or that the this to with'.split(' '));

/**
 * Returns the words of a text for searching, in lower case. Names are split where programs join words: `listPullRequests`
 * and `list_pull_requests` have the same words. Plurals of English are cut to the singular, and its most common words are left out.
 */
export function wordsOf(text: string): readonly string[] {
  const spaced = text
    .slice(0, longestText)
    .normalize('NFKC')
    .replace(/(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gu, ' ')
    .toLowerCase();
  return (spaced.match(/\p{L}[\p{L}\p{M}]*|\p{N}+/gu) ?? []).filter(word => !common.has(word)).map(singular);
}

function singular(word: string): string {
  if (word.length < 4 || !word.endsWith('s') || /[sui]s$/.test(word)) return word;
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return /(?:ss|sh|ch|x)es$/.test(word) ? word.slice(0, -2) : word.slice(0, -1);
}
