import { createHash } from 'node:crypto';
import { Fault } from '../../../core/fault.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../core/json.ts';
import { DocumentParser } from './document-parser.ts';
import { type DocumentReader, NotRead } from './document-reader.ts';
import { OpenapiDocument } from './openapi-document.ts';
import type { DocumentProblem } from './problem.ts';

/** Documents that are read for one upstream, and their characters together. */
const most = { documents: 500, characters: 64 * 1024 * 1024 };

export interface LoadedDocument {
  readonly document: OpenapiDocument;
  /** The SHA-256 of all texts. */
  readonly digest: string;
}

/**
 * Reads a document and all that it refers to, parses them, and checks the structure of the main one.
 * @param known the digest of what was loaded before
 * @returns undefined if the texts are those of `known`
 * @throws Fault `openapi_unreadable`, `openapi_version`
 */
export async function loadDocument(
  url: string,
  context: { readonly upstream: string; readonly reader: DocumentReader; readonly signal: AbortSignal },
  known?: { readonly urls: readonly string[]; readonly digest: string },
): Promise<(LoadedDocument & { readonly urls: readonly string[] }) | undefined> {
  const texts = new DocumentTexts(context.reader, context.signal, context.upstream);
  if (known !== undefined && (await texts.digestOf(known.urls)) === known.digest) return undefined;
  using parser = new DocumentParser();
  const { value, problems } = await parsed(url, { texts, parser, ...context }, true);
  const document = new OpenapiDocument(url, problems);
  const open = [...document.add(url, checkVersion(context.upstream, url, value))].filter(other => other !== url);
  const seen = new Set([url, ...open]);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const part = await parsed(next, { texts, parser, ...context }, false);
    for (const other of document.add(next, part.value)) {
      if (seen.has(other)) continue;
      seen.add(other);
      open.push(other);
    }
  }
  const urls = texts.urls;
  return { document, urls, digest: await texts.digestOf(urls) };
}

/** The texts of documents, each read once. */
class DocumentTexts {
  readonly #reader: DocumentReader;
  readonly #signal: AbortSignal;
  readonly #upstream: string;
  readonly #texts = new Map<string, string>();
  #characters = 0;

  constructor(reader: DocumentReader, signal: AbortSignal, upstream: string) {
    this.#reader = reader;
    this.#signal = signal;
    this.#upstream = upstream;
  }

  get urls(): readonly string[] {
    return [...this.#texts.keys()];
  }

  /** @throws Fault `openapi_unreadable` */
  async read(url: string): Promise<string> {
    const known = this.#texts.get(url);
    if (known !== undefined) return known;
    const refuse = (hint: string, cause?: unknown): never => {
      throw new Fault('openapi_unreadable', { upstream: this.#upstream, url, hint }, cause);
    };
    if (this.#texts.size >= most.documents) refuse(`it refers to more than ${most.documents} documents`);
    const text = await this.#reader.read(url, this.#signal).catch((error: unknown) => {
      if (!(error instanceof NotRead)) throw error;
      return refuse(error.message, error);
    });
    this.#characters += text.length;
    if (this.#characters > most.characters) refuse(`all documents have more than ${most.characters} characters`);
    this.#texts.set(url, text);
    return text;
  }

  /** Returns the digest of these texts in this order. */
  async digestOf(urls: readonly string[]): Promise<string> {
    const hash = createHash('sha256');
    for (const url of urls) {
      const text = await this.read(url);
      hash.update(`${text.length} `).update(text);
    }
    return `sha256:${hash.digest('hex')}`;
  }
}

interface ParseContext {
  readonly upstream: string;
  readonly texts: DocumentTexts;
  readonly parser: DocumentParser;
  readonly signal: AbortSignal;
}

async function parsed(
  url: string,
  { upstream, texts, parser, signal }: ParseContext,
  isMain: boolean,
): Promise<{ readonly value: Json; readonly problems: readonly DocumentProblem[] }> {
  const answer = await parser.parse({ text: await texts.read(url), isMain }, signal);
  if ('why' in answer) throw new Fault('openapi_unreadable', { upstream, url, hint: answer.why });
  return answer;
}

/** @throws Fault `openapi_version`, `openapi_unreadable` */
function checkVersion(upstream: string, url: string, value: Json): JsonObject {
  if (!isJsonObject(value)) {
    throw new Fault('openapi_unreadable', { upstream, url, hint: 'it is not an object in JSON or YAML' });
  }
  const { openapi, swagger } = value;
  if (typeof openapi === 'string' && /^3\.[012](\.|$)/.test(openapi)) return value;
  const found = { upstream, url, version: openapi ?? swagger ?? 'none' };
  if (typeof openapi !== 'number') throw new Fault('openapi_version', found);
  throw new Fault('openapi_version', { ...found, hint: `write its version as a text: openapi: "${openapi}.0"` });
}
