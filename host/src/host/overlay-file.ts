import { emptyOverlay, formatOverlay, type Overlay, parseOverlay, type StoredOverlay } from '../config/overlay.ts';
import { fail } from '../core/fault.ts';
import { fileProblem } from '../core/file-problem.ts';
import { VersionedFile, versionOf } from '../state/versioned-file.ts';

/** Reads what was changed at run time. If the file does not exist, that is nothing. @throws Fault `overlay_unusable` */
export async function readOverlay(file: string): Promise<StoredOverlay> {
  const { text, version } = await new VersionedFile(file)
    .read()
    .catch(error => fail('overlay_unusable', { file, reason: fileProblem(error) }, error));
  return { file, version, overlay: text === undefined ? emptyOverlay : parseOverlay(text, file) };
}

/** Returns an overlay as it will be stored. */
export const storedOverlay = (file: string, overlay: Overlay): StoredOverlay => ({
  ...{ file, overlay },
  version: versionOf(formatOverlay(overlay)),
});

/**
 * Replaces the overlay that the new one was made from.
 * @throws Fault `overlay_not_saved`, `overlay_conflict` if the file has another one by now; then it stays as it was
 */
export async function saveOverlay({ file, overlay }: StoredOverlay, from: StoredOverlay): Promise<void> {
  const saved = await new VersionedFile(file)
    .replace(from.version, formatOverlay(overlay))
    .catch(error => fail('overlay_not_saved', { file, reason: fileProblem(error) }, error));
  if (saved === undefined) fail('overlay_conflict', { file });
}
