import type { Definition } from '../../admin/answer/registration.ts';
import type { RegistrationChange, RegistrationRequest, Registrations } from '../../admin/registrations.ts';
import { shownEntry } from '../../config/change/shown-config.ts';
import type { Config } from '../../config/config.ts';
import type { RegisteredList } from '../../config/overlay.ts';
import { fail } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import { addEntry, etagOf, removeEntry, replaceEntry } from './edit-overlay.ts';
import type { EditOverlay } from './overlay-change.ts';
import type { OverlayChanges } from './overlay-changes.ts';

/** Creates what changes which upstreams and bindings the gateway has. */
export function createRegistrations(overlay: OverlayChanges): Registrations {
  const change = async (
    { list, id, dryRun, subject }: { readonly list: RegisteredList; readonly id: string } & RegistrationRequest,
    edit: EditOverlay,
  ): Promise<RegistrationChange> => {
    const seen: { before?: Definition | undefined; after?: Definition | undefined } = {};
    const watched: EditOverlay = (stored, config) => {
      const next = edit(stored, config);
      seen.before = definitionOf(stored[list], list, id);
      seen.after = definitionOf(next[list], list, id);
      return next;
    };
    const { generation, changes } = await (dryRun
      ? overlay.tryOut(watched)
      : overlay.make(watched, { origin: 'admin', principal: subject }));
    const { before, after } = seen;
    return {
      answer: { id, dry_run: dryRun, generation, changes: changes.map(({ text }) => text), etag: after?.etag },
      ...(before && { before: before.definition as JsonObject }),
      ...(after && { after: after.definition as JsonObject }),
    };
  };
  const find = (list: RegisteredList, id: string) => definitionIn(overlay.config, list, id);
  return {
    find: (list, id) =>
      find(list, id) ?? fail('registration_unknown', { list, id, hint: `GET /admin/${list} lists them` }),
    register: (list, entry, request) => change({ list, id: String(entry.id), ...request }, addEntry(list, entry)),
    replace: (list, id, entry, request) =>
      change({ list, id, ...request }, replaceEntry(list, id, entry, request.ifMatch)),
    unregister: (list, id, request) => change({ list, id, ...request }, removeEntry(list, id, request.ifMatch)),
  };
}

/** Returns how an entry of the configuration in use is defined. */
function definitionIn(config: Config, list: RegisteredList, id: string): Definition | undefined {
  const registered = definitionOf(config.overlay?.overlay[list] ?? [], list, id);
  if (registered !== undefined) return registered;
  const entries: readonly (JsonObject & { readonly id: string })[] = config[list] as never;
  const found = entries.find(each => each.id === id);
  if (found === undefined) return undefined;
  const { file, line } = config.definedAt?.(list, id) ?? {};
  const place = file === undefined ? {} : { defined_at: line === undefined ? file : `${file}:${line}` };
  return { id, source: 'file', ...place, definition: shownEntry(list, found) };
}

/** Returns how a registered entry is defined. */
function definitionOf(
  entries: readonly (JsonObject & { readonly id: string })[],
  list: RegisteredList,
  id: string,
): Definition | undefined {
  const entry = entries.find(each => each.id === id);
  return entry && { id, source: 'registered', definition: shownEntry(list, entry), etag: etagOf(entry) };
}
