import { createHmac, randomBytes } from 'node:crypto';
import type { Config } from '../../config/config.ts';
import { type Overlay, type OverlayEntry, type RegisteredList, registeredLists } from '../../config/overlay.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { Fault, fail } from '../../core/fault.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { EditOverlay } from './overlay-change.ts';

/** The maximum number of entries in one list, and of characters in all. */
const most = { entries: 1_000, characters: 64 * 1024 * 1024 };

/** A version must not help to guess the secrets of an entry, so that it counts in this process alone. */
const key = randomBytes(32);

/** Returns the version of an entry, for If-Match. */
export const etagOf = (entry: JsonObject): string =>
  `"${createHmac('sha256', key).update(canonicalJson(entry)).digest('hex').slice(0, 32)}"`;

/** Adds an entry. @throws Fault `registration_exists`, `registration_fixed`, `admin_input_invalid` */
export const addEntry =
  (list: RegisteredList, stated: JsonObject): EditOverlay =>
  (overlay, config) => {
    const entry = entryOf(stated);
    if (overlay[list].some(({ id }) => id === entry.id)) fail('registration_exists', { list, id: entry.id });
    checkIsNotFixed(config, list, entry.id);
    return bounded({ ...overlay, [list]: [...overlay[list], entry] }, list);
  };

/** Replaces an entry. @throws Fault `registration_unknown`, `registration_fixed`, `registration_outdated`, `admin_input_invalid` */
export const replaceEntry =
  (list: RegisteredList, id: string, stated: JsonObject, ifMatch: string | undefined): EditOverlay =>
  (overlay, config) => {
    const entry = entryOf({ id, ...stated });
    if (entry.id !== id) throw invalid('id', `expected ${id}: an id cannot be changed`);
    checkVersion(registeredEntry(overlay, config, list, id), ifMatch);
    return bounded({ ...overlay, [list]: overlay[list].map(each => (each.id === id ? entry : each)) }, list);
  };

/** Removes an entry. @throws Fault `registration_unknown`, `registration_fixed`, `registration_outdated`, `registration_in_use` */
export const removeEntry =
  (list: RegisteredList, id: string, ifMatch: string | undefined): EditOverlay =>
  (overlay, config) => {
    checkVersion(registeredEntry(overlay, config, list, id), ifMatch);
    const users = list === 'bindings' ? [] : config.bindings.filter(({ upstreams }) => upstreams.includes(id));
    if (users.length > 0) fail('registration_in_use', { list, id, bindings: users.map(each => each.id) });
    return { ...overlay, [list]: overlay[list].filter(each => each.id !== id) };
  };

/** Returns an entry that was registered. @throws Fault `registration_unknown`, `registration_fixed` */
function registeredEntry(overlay: Overlay, config: Config, list: RegisteredList, id: string): OverlayEntry {
  const found = overlay[list].find(each => each.id === id);
  if (found !== undefined) return found;
  checkIsNotFixed(config, list, id);
  return fail('registration_unknown', { list, id });
}

/** @throws Fault `registration_fixed` for an entry of the configuration file */
function checkIsNotFixed(config: Config, list: RegisteredList, id: string): void {
  const place = config.definedAt?.(list, id);
  if (place === undefined) return;
  const { file, line } = place;
  const where = file === undefined ? 'the configuration' : `${file}${line === undefined ? '' : `:${line}`}`;
  fail('registration_fixed', {
    list,
    id,
    hint: `the ${registeredLists[list]} ${id} is defined in ${where}: change it there`,
  });
}

/** @throws Fault `registration_outdated` */
function checkVersion(entry: OverlayEntry, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const accepted = ifMatch.split(',').map(each => each.trim());
  if (!accepted.includes(etagOf(entry))) fail('registration_outdated', { id: entry.id });
}

/** @throws Fault `admin_input_invalid` */
function entryOf(stated: JsonObject): OverlayEntry {
  const { id } = stated;
  if (typeof id !== 'string') throw invalid('id', 'expected the id');
  const odd = oddMember(stated);
  if (odd !== undefined) throw invalid(odd.path, odd.message);
  return { ...stated, id };
}

/** Finds a member that cannot be meant: one that JavaScript gives another meaning, or what was shown for a secret. */
function oddMember(
  value: Json | undefined,
  path = '',
): { readonly path: string; readonly message: string } | undefined {
  if (value === '***') return { path, message: '*** stands for a value that is not shown: write the value itself' };
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`;
    if (name === '__proto__') return { path: at, message: 'this name is not allowed' };
    const found = oddMember(member, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

const invalid = (path: string, message: string) => new Fault('admin_input_invalid', { path: `body.${path}`, message });

/** @throws Fault `registration_full` */
function bounded(overlay: Overlay, list: RegisteredList): Overlay {
  if (overlay[list].length > most.entries) fail('registration_full', { list, limit: most.entries });
  const characters = JSON.stringify(overlay).length;
  if (characters > most.characters) fail('registration_full', { characters, limit: most.characters });
  return overlay;
}
