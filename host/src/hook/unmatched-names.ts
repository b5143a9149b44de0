import { matchesGlob } from '../core/glob.ts';
import type { ListMethod } from '../mcp/methods.ts';
import type { NamedTarget, TargetField } from './condition.ts';

/** A page of the list of one upstream of a binding. */
export interface ListedPage {
  readonly binding: string;
  /** The ids of all upstreams of the binding. */
  readonly upstreams: readonly string[];
  readonly upstream: string;
  readonly method: ListMethod;
  /** The names or URIs of the page. */
  readonly names: readonly string[];
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** A name in the configuration, and who named it: a plugin's condition, or a rule. */
export interface ConfiguredName<Owner> extends NamedTarget {
  readonly owner: Owner;
}

/** The names of one owner that match nothing. */
export interface Unmatched<Owner> {
  readonly owner: Owner;
  readonly binding: string;
  readonly field: TargetField;
  readonly count: number;
  /** Some of them. */
  readonly names: readonly string[];
}

/** The lists that show what a field of a condition can name. */
const lists: Readonly<Record<TargetField, readonly ListMethod[]>> = {
  tools: ['tools/list'],
  prompts: ['prompts/list'],
  resources: ['resources/list', 'resources/templates/list'],
};
const fields = Object.keys(lists) as readonly TargetField[];

/** The names of one kind of targets that have matched nothing so far, and the lists that are still to be seen. */
interface Search<Owner> {
  names: readonly ConfiguredName<Owner>[];
  waiting: Set<string> | undefined;
  readonly begun: Set<string>;
}

/** The number of names in one report. */
const shown = 10;

/**
 * Reports configured names that match nothing that the upstreams of a binding list. Such a name is rarely intended, and
 * only the upstreams know. It looks at each list until it was seen whole once.
 */
export class UnmatchedNames<Owner> {
  readonly #report: (unmatched: Unmatched<Owner>) => void;
  readonly #searches = new Map<TargetField, Search<Owner>>();

  constructor(all: readonly ConfiguredName<Owner>[], report: (unmatched: Unmatched<Owner>) => void) {
    this.#report = report;
    for (const field of fields) {
      const names = all.filter(each => each.field === field);
      if (names.length > 0) this.#searches.set(field, { names, waiting: undefined, begun: new Set() });
    }
  }

  /** Whether there are names to compare lists with. */
  get isLooking(): boolean {
    return this.#searches.size > 0;
  }

  /** Looks at a page of a list. */
  listed(page: ListedPage): void {
    const { method, upstream, upstreams, names, isFirst, isLast } = page;
    const field = fields.find(each => lists[each].includes(method));
    const search = field && this.#searches.get(field);
    if (field === undefined || search === undefined) return;
    search.waiting ??= new Set(upstreams.flatMap(id => lists[field].map(list => `${list} ${id}`)));
    const key = `${method} ${upstream}`;
    if (isFirst) search.begun.add(key);
    // A template can stand for any URI.
    const canBeAny = method === 'resources/templates/list' && names.length > 0;
    search.names = search.names.filter(
      each => !isOf(each, upstream) || !(canBeAny || names.some(name => isNamed(each, upstream, name))),
    );
    if (isLast && search.begun.has(key)) search.waiting.delete(key);
    if (search.waiting.size > 0 && search.names.length > 0) return;
    this.#searches.delete(field);
    this.#reportAll(page.binding, field, search.names);
  }

  #reportAll(binding: string, field: TargetField, unmatched: readonly ConfiguredName<Owner>[]): void {
    for (const owner of new Set(unmatched.map(each => each.owner))) {
      const names = unmatched.filter(each => each.owner === owner).map(({ glob }) => glob);
      this.#report({ owner, binding, field, count: names.length, names: names.slice(0, shown) });
    }
  }
}

const isOf = ({ upstreams }: NamedTarget, upstream: string): boolean =>
  upstreams.length === 0 || upstreams.some(glob => matchesGlob(glob, upstream));

const isNamed = ({ glob }: NamedTarget, upstream: string, name: string): boolean =>
  matchesGlob(glob, name) || matchesGlob(glob, `${upstream}__${name}`);
