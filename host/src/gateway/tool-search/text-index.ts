import { wordsOf } from './words.ts';

/** A text of a document, and how much its words count. */
export interface WeightedText {
  readonly text: string;
  readonly weight: number;
}

/** How quickly further occurrences of a word count less, and how much the length of a document counts (Okapi BM25). */
const [k1, b] = [1.2, 0.75];

interface Posting {
  readonly document: number;
  /** The occurrences of the word, weighted. */
  readonly frequency: number;
}

/** An index of texts that ranks them by BM25, with weighted fields. It never changes. */
export class TextIndex {
  readonly #postings = new Map<string, Posting[]>();
  /** `k1` of each document, adjusted to its length. */
  readonly #saturation: readonly number[];

  constructor(documents: readonly (readonly WeightedText[])[]) {
    const lengths = documents.map((texts, document) => this.#add(document, texts));
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    this.#saturation = lengths.map(length => k1 * (1 - b + (b * length) / mean));
  }

  /** Returns the numbers of the documents that have words of the query, best first; among equals, in their order. */
  search(query: string): readonly number[] {
    const scores = new Map<number, number>();
    for (const word of new Set(wordsOf(query))) {
      const found = this.#postings.get(word) ?? [];
      const rarity = Math.log(1 + (this.#saturation.length - found.length + 0.5) / (found.length + 0.5));
      for (const { document, frequency } of found) {
        const score = (rarity * frequency * (k1 + 1)) / (frequency + (this.#saturation[document] ?? k1));
        scores.set(document, (scores.get(document) ?? 0) + score);
      }
    }
    const ranked = [...scores].sort(([one, high], [other, low]) => low - high || one - other);
    return ranked.map(([document]) => document);
  }

  /** Returns the length of the document. */
  #add(document: number, texts: readonly WeightedText[]): number {
    const frequencies = new Map<string, number>();
    let length = 0;
    for (const { text, weight } of texts) {
      for (const word of wordsOf(text)) {
        frequencies.set(word, (frequencies.get(word) ?? 0) + weight);
        length += weight;
      }
    }
    for (const [word, frequency] of frequencies) {
      const postings = this.#postings.get(word);
      if (postings === undefined) this.#postings.set(word, [{ document, frequency }]);
      else postings.push({ document, frequency });
    }
    return length;
  }
}
