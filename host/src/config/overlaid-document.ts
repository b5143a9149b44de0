import type { PluginMode } from '../contract/hook-policy.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { ConfigDocument } from './document.ts';
import { type Overlay, type OverlayEntry, type RegisteredList, registeredLists } from './overlay.ts';
import type { Path, Place } from './problem.ts';
import { modesAtRunTime } from './run-time-modes.ts';
import { isRandom, textsIn } from './secret-values.ts';
import { entries } from './section/named.ts';
import type { ConfigPlace } from './section/plugins.ts';

/** An entry that was registered at run time, and its path in the whole configuration. */
export interface RegisteredEntry {
  readonly list: RegisteredList;
  readonly entry: OverlayEntry;
  readonly path: Path;
}

/** The operator's file together with what was changed at run time. */
export interface OverlaidDocument extends ConfigDocument {
  readonly registered: readonly RegisteredEntry[];
}

const lists = Object.keys(registeredLists) as readonly RegisteredList[];

/** Adds the registered entries to those of the file, behind them, and sets the modes of plugins that the file has. */
export function overlaidDocument(document: ConfigDocument, overlay: Overlay): OverlaidDocument {
  const { value = {} } = document;
  if (!isJsonObject(value)) return { ...document, registered: [] };
  const listOf = (name: string): readonly unknown[] => (Array.isArray(value[name]) ? value[name] : []);
  const isList = (name: string) => Array.isArray(value[name]) || (value[name] ?? undefined) === undefined;
  const registered = lists
    .filter(isList)
    .flatMap(list =>
      overlay[list].map(
        (entry, index): RegisteredEntry => ({ list, entry, path: [list, listOf(list).length + index] }),
      ),
    );
  const longer = lists
    .filter(list => isList(list) && overlay[list].length > 0)
    .map(list => [list, [...listOf(list), ...overlay[list]]] as const);
  const modes = modesAtRunTime(value, overlay);
  const plugins = Array.isArray(value.plugins)
    ? { plugins: value.plugins.map((plugin: unknown) => withMode(plugin, modes)) }
    : {};
  const filledIn = registered.flatMap(({ entry, path }) =>
    textsIn(entry, path.map(String)).filter(({ value: text }) => isRandom(text)),
  );
  return {
    ...document,
    value: { ...value, ...Object.fromEntries(longer), ...plugins },
    filledIn: [...document.filledIn, ...filledIn],
    registered,
  };
}

function withMode(plugin: unknown, modes: ReadonlyMap<string, PluginMode>): unknown {
  const mode = isJsonObject(plugin) && typeof plugin.id === 'string' ? modes.get(plugin.id) : undefined;
  return mode === undefined ? plugin : { ...(plugin as JsonObject), mode };
}

/** Returns the place of a path within a registered entry, which is in no line of the file; undefined for others. */
export function registeredPlace({ registered }: Pick<OverlaidDocument, 'registered'>, path: Path): Place | undefined {
  const holder = registered.find(each => each.path.every((step, index) => step === path[index]));
  if (holder === undefined) return undefined;
  const within = path.slice(holder.path.length).join('.');
  return { path: [`registered ${nameOf(holder)}`, ...(within === '' ? [] : [within])].join(': ') };
}

/** Names a registered entry in messages. */
export const nameOf = ({ list, entry }: Pick<RegisteredEntry, 'list' | 'entry'>): string =>
  `${registeredLists[list]} ${entry.id}`;

/** Returns where the file defines an entry; undefined if it does not. */
export function definitionOf(
  { value, registered }: Pick<OverlaidDocument, 'value' | 'registered'>,
  placeOf: ConfigPlace,
  { list, id }: { readonly list: RegisteredList; readonly id: string },
): Place | undefined {
  const found = entries(value, [list]).find(each => each.name === id);
  const isRegistered = registered.some(each => each.list === list && each.path.at(-1) === found?.path.at(-1));
  return found === undefined || isRegistered ? undefined : placeOf(found.path);
}
