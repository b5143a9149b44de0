import { cut } from '../../core/cut.ts';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { doubleOf } from '../../core/json-number.ts';
import { type ResultAnswer, resultAnswer } from '../../mcp/answer.ts';
import { mostResults, searchTools, type ToolSearchSettings } from './search-tools.ts';
import { ToolIndexes } from './tool-indexes.ts';

/** The most characters of a query. */
const longestQuery = 1_000;
/** The most characters of a description in the answer of a search. */
const longestDescription = 300;
/** Members of a tool that say nothing to a model. */
const unsaid = new Set(['icons', '_meta', 'execution']);

/** What a client asks one of the three tools for; `refused` says what is wrong with its arguments. */
export type Asked =
  | { readonly kind: 'search'; readonly query: string; readonly limit: number }
  | { readonly kind: 'describe'; readonly name: string }
  | { readonly kind: 'call'; readonly params: JsonObject }
  | { readonly kind: 'refused'; readonly answer: ResultAnswer };

/**
 * The tools of a binding by search: clients are listed three tools, with which they find, describe and call the others.
 */
export class ToolSearch {
  readonly #settings: ToolSearchSettings;
  readonly #indexes = new ToolIndexes();

  constructor(settings: ToolSearchSettings) {
    this.#settings = settings;
  }

  /** Returns the list of tools that clients get. */
  list(): ResultAnswer {
    return resultAnswer({ tools: [...searchTools(this.#settings)] });
  }

  /** Reads a call of one of the three tools; undefined for a call of another one. */
  read(params: JsonObject): Asked | undefined {
    const { name: tool, arguments: stated } = params;
    const args = isJsonObject(stated) ? stated : {};
    switch (tool) {
      case 'search_tools':
        return this.#readSearch(args);
      case 'describe_tool':
        return typeof args.name === 'string'
          ? { kind: 'describe', name: args.name }
          : refused('`name` must be a string');
      case 'call_tool':
        return readCall(params, args);
      default:
        return undefined;
    }
  }

  /** Answers a search among the tools that the caller would be listed. */
  search(query: string, limit: number, tools: readonly JsonObject[]): ResultAnswer {
    const found =
      query.trim() === ''
        ? tools
        : this.#indexes
            .of(tools)
            .search(query)
            .map(number => tools[number]);
    const shown = found.slice(0, limit).flatMap(tool => (tool === undefined ? [] : summaryOf(tool)));
    return textAnswer({ tools: shown, ...(found.length > limit && { more: found.length - limit }) });
  }

  /** Answers with the definition of a tool, if the caller would be listed it. */
  describe(name: string, tools: readonly JsonObject[]): ResultAnswer {
    const tool = tools.find(each => each.name === name);
    if (tool === undefined) return failure('There is no tool of this name. Use a name that search_tools returned.');
    return textAnswer(Object.fromEntries(Object.entries(tool).filter(([member]) => !unsaid.has(member))));
  }

  #readSearch({ query, limit }: JsonObject): Asked {
    if (typeof query !== 'string') return refused('`query` must be a string');
    if (query.length > longestQuery) return refused(`\`query\` must have at most ${longestQuery} characters`);
    const wanted = limit === undefined ? this.#settings.results : doubleOf(limit);
    return wanted !== undefined && Number.isInteger(wanted) && wanted >= 1 && wanted <= mostResults
      ? { kind: 'search', query, limit: wanted }
      : refused(`\`limit\` must be an integer from 1 to ${mostResults}`);
  }
}

/** Makes the call of a tool out of a call of `call_tool`: all but name and arguments stays as it is. */
function readCall({ arguments: _, ...params }: JsonObject, { name, arguments: inner }: JsonObject): Asked {
  if (typeof name !== 'string') return refused('`name` must be a string');
  if (inner === undefined) return { kind: 'call', params: { ...params, name } };
  if (!isJsonObject(inner)) return refused('`arguments` must be an object');
  return { kind: 'call', params: { ...params, name, arguments: inner } };
}

function summaryOf({ name, title, description }: JsonObject): readonly JsonObject[] {
  if (typeof name !== 'string') return [];
  const text = [description, title].find(each => typeof each === 'string' && each !== '');
  return [{ name, ...(typeof text === 'string' && { description: cut(text, longestDescription).toWellFormed() }) }];
}

const textAnswer = (value: Json): ResultAnswer =>
  resultAnswer({ content: [{ type: 'text', text: JSON.stringify(value) }] });

const failure = (text: string): ResultAnswer => resultAnswer({ content: [{ type: 'text', text }], isError: true });

const refused = (what: string): Asked => ({ kind: 'refused', answer: failure(`The arguments are invalid: ${what}.`) });
