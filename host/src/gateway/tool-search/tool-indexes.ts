import { createHash } from 'node:crypto';
import type { JsonObject } from '../../core/json.ts';
import { TextIndex } from './text-index.ts';
import { longestText } from './words.ts';

/** The lists whose indexes are kept: callers with different rights see different lists. */
const mostIndexes = 16;
/** The most tools of a list that are found by their words. */
const mostIndexed = 10_000;
/**
 * The most characters of a list that are indexed, and of all lists that are kept. An index can take twenty times the
 * memory of its text, and a server may send 32 MiB.
 */
const mostText = { ofList: 1_000_000, ofAll: 2_000_000 };

/** The members of a tool that are searched, and how much their words count. */
const fields = { name: 3, title: 2, description: 1 } as const;

/**
 * The indexes of the lists that callers of a binding were shown lately. An index depends on nothing but the texts of its
 * list, so a changed list has another one.
 */
export class ToolIndexes {
  readonly #indexes = new Map<string, KeptIndex>();
  #size = 0;

  of(tools: readonly JsonObject[]): TextIndex {
    const { documents, size } = documentsOf(tools);
    const key = keyOf(documents);
    const known = this.#indexes.get(key);
    const kept = known ?? { index: new TextIndex(documents), size };
    // Delete it first, so that it becomes the newest.
    if (known !== undefined) this.#drop(key, known);
    this.#indexes.set(key, kept);
    this.#size += size;
    for (const [oldest, each] of this.#indexes) {
      if (this.#indexes.size <= mostIndexes && this.#size <= mostText.ofAll) break;
      this.#drop(oldest, each);
    }
    return kept.index;
  }

  #drop(key: string, { size }: KeptIndex): void {
    this.#indexes.delete(key);
    this.#size -= size;
  }
}

interface KeptIndex {
  readonly index: TextIndex;
  /** The characters of its texts. */
  readonly size: number;
}

/** Returns the texts of the tools that are indexed: the first ones, as far as they are not too many or too long. */
function documentsOf(tools: readonly JsonObject[]) {
  const documents: ReturnType<typeof textsOf>[] = [];
  let size = 0;
  for (const tool of tools.slice(0, mostIndexed)) {
    const texts = textsOf(tool);
    const more = texts.reduce((sum, { text }) => sum + text.length, 0);
    if (size + more > mostText.ofList) break;
    documents.push(texts);
    size += more;
  }
  return { documents, size };
}

const textsOf = (tool: JsonObject) =>
  Object.entries(fields).map(([name, weight]) => {
    const { [name]: text } = tool;
    return { text: typeof text === 'string' ? text.slice(0, longestText) : '', weight };
  });

function keyOf(documents: readonly ReturnType<typeof textsOf>[]): string {
  const hash = createHash('sha256');
  for (const texts of documents) {
    for (const { text } of texts) hash.update(`${text.length}:${text}`);
  }
  return hash.digest('base64');
}
