import { createHash } from 'node:crypto';
import type { JsonObject } from '../../core/json.ts';
import { TextIndex } from './text-index.ts';

/** The lists whose indexes are kept: callers with different rights see different lists. */
const mostIndexes = 16;
/** The most tools of a list that are found by their words. */
const mostIndexed = 10_000;

/** The members of a tool that are searched, and how much their words count. */
const fields = { name: 3, title: 2, description: 1 } as const;

/**
 * The indexes of the lists that callers of a binding were shown lately. An index depends on nothing but the texts of its
 * list, so a changed list has another one.
 */
export class ToolIndexes {
  readonly #indexes = new Map<string, TextIndex>();

  of(tools: readonly JsonObject[]): TextIndex {
    const documents = tools.slice(0, mostIndexed).map(textsOf);
    const key = keyOf(documents);
    const index = this.#indexes.get(key) ?? new TextIndex(documents);
    // Delete it first, so that it becomes the newest.
    this.#indexes.delete(key);
    this.#indexes.set(key, index);
    const [oldest] = this.#indexes.keys();
    if (this.#indexes.size > mostIndexes && oldest !== undefined) this.#indexes.delete(oldest);
    return index;
  }
}

const textsOf = (tool: JsonObject) =>
  Object.entries(fields).map(([name, weight]) => {
    const { [name]: text } = tool;
    return { text: typeof text === 'string' ? text : '', weight };
  });

function keyOf(documents: readonly ReturnType<typeof textsOf>[]): string {
  const hash = createHash('sha256');
  for (const texts of documents) {
    for (const { text } of texts) hash.update(`${text.length}:${text}`);
  }
  return hash.digest('base64');
}
