import { z } from 'zod';
import { type PluginMode, pluginModes } from '../contract/hook-policy.ts';
import { pluginIdSchema } from '../contract/plugin-descriptor.ts';
import { fail } from '../core/fault.ts';
import { type JsonObject, withDoubles } from '../core/json.ts';
import { readJson } from '../core/json-reader.ts';

/** The form of the file. A form that this gateway would misread gets another number. */
const currentVersion = 1;

const entry = z.looseObject({ id: pluginIdSchema });
const overlaySchema = z.strictObject({
  version: z.literal(currentVersion),
  upstreams: z.array(entry),
  bindings: z.array(entry),
  plugins: z.record(pluginIdSchema, z.strictObject({ mode: z.enum(pluginModes) })),
});

/** An entry of `upstreams` or `bindings`, as it is written in sallyport.yaml. */
export type OverlayEntry = JsonObject & { readonly id: string };

/** What was changed at run time: entries in addition to those of the operator's file, and modes that replace those in it. */
export interface Overlay {
  readonly upstreams: readonly OverlayEntry[];
  readonly bindings: readonly OverlayEntry[];
  readonly plugins: Readonly<Record<string, { readonly mode: PluginMode }>>;
}

/** An overlay and the file in which it is kept. */
export interface StoredOverlay {
  readonly file: string;
  /** A name for what the file has. */
  readonly version: string;
  readonly overlay: Overlay;
}

/** Reads an overlay from its file. */
export type ReadOverlay = (file: string) => StoredOverlay | Promise<StoredOverlay>;

/** The lists to which entries can be added at run time, and what an entry is called. */
export const registeredLists = { upstreams: 'upstream', bindings: 'binding' } as const;
export type RegisteredList = keyof typeof registeredLists;

/** The overlay of a gateway that was not changed at run time. */
export const emptyOverlay: Overlay = { upstreams: [], bindings: [], plugins: {} };

/** Reads the text of an overlay's file. @throws Fault `overlay_unusable` */
export function parseOverlay(text: string, file: string): Overlay {
  const refuse = (reason: string, hint?: string) => fail('overlay_unusable', { file, reason, ...(hint && { hint }) });
  const value = jsonIn(text);
  if ('why' in value) return refuse(`it is not JSON: ${value.why}`);
  const version = z.object({ version: z.number() }).safeParse(value.json).data?.version ?? currentVersion;
  if (version > currentVersion) {
    const hint = 'Start the newer gateway that wrote it, or move the file away to start without what was registered.';
    return refuse(`it has version ${version}, and this gateway reads version ${currentVersion}`, hint);
  }
  const { error } = overlaySchema.safeParse(value.json);
  if (error === undefined) {
    // The entries are kept as they were read: sallyport.yaml's schema checks them.
    const { upstreams, bindings, plugins } = value.json as Overlay;
    return { upstreams, bindings, plugins };
  }
  return refuse(error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

function jsonIn(text: string): { readonly json: unknown } | { readonly why: string } {
  try {
    return { json: withDoubles(readJson(text)) };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

/** Writes the text of an overlay's file. */
export const formatOverlay = ({ upstreams, bindings, plugins }: Overlay): string =>
  `${JSON.stringify({ version: currentVersion, upstreams, bindings, plugins }, undefined, 2)}\n`;
