import { matchesGlob } from '../core/glob.ts';
import type { Log } from '../core/log.ts';
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

interface Condition extends NamedTarget {
  readonly plugin: string;
}

/** The lists that show what a field of a condition can name. */
const lists: Readonly<Record<TargetField, readonly ListMethod[]>> = {
  tools: ['tools/list'],
  prompts: ['prompts/list'],
  resources: ['resources/list', 'resources/templates/list'],
};
const fields = Object.keys(lists) as readonly TargetField[];

/** The conditions on one kind of targets that have matched nothing so far, and the lists that are still to be seen. */
interface Search {
  conditions: readonly Condition[];
  waiting: Set<string> | undefined;
  readonly begun: Set<string>;
}

/** The number of names in one log line. */
const shown = 10;

/**
 * Warns of conditions whose names match nothing that the upstreams of a binding list. Such a condition is rarely intended,
 * and only the upstreams know. It looks at each list until it was seen whole once.
 */
export class UnmatchedNames {
  readonly #log: Log;
  readonly #searches = new Map<TargetField, Search>();

  constructor(plugins: readonly { readonly id: string; readonly named?: readonly NamedTarget[] }[], log: Log) {
    this.#log = log;
    const all = plugins.flatMap(({ id, named = [] }) => named.map(each => ({ ...each, plugin: id })));
    for (const field of fields) {
      const conditions = all.filter(condition => condition.field === field);
      if (conditions.length > 0) this.#searches.set(field, { conditions, waiting: undefined, begun: new Set() });
    }
  }

  /** Whether there are conditions to compare lists with. */
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
    search.conditions = search.conditions.filter(
      condition => !isOf(condition, upstream) || !(canBeAny || names.some(name => isNamed(condition, upstream, name))),
    );
    if (isLast && search.begun.has(key)) search.waiting.delete(key);
    if (search.waiting.size > 0 && search.conditions.length > 0) return;
    this.#searches.delete(field);
    this.#warn(page.binding, field, search.conditions);
  }

  #warn(binding: string, field: TargetField, conditions: readonly Condition[]): void {
    for (const plugin of new Set(conditions.map(each => each.plugin))) {
      const names = conditions.filter(each => each.plugin === plugin).map(({ glob }) => glob);
      const about = { plugin, binding, field, count: names.length, names: names.slice(0, shown) };
      this.#log.warn(about, 'conditions of a plugin name what no upstream lists: it is not called for them');
    }
  }
}

const isOf = ({ upstreams }: Condition, upstream: string): boolean =>
  upstreams.length === 0 || upstreams.some(glob => matchesGlob(glob, upstream));

const isNamed = ({ glob }: Condition, upstream: string, name: string): boolean =>
  matchesGlob(glob, name) || matchesGlob(glob, `${upstream}__${name}`);
