import type { Moved } from '@sallyport/host/source';
import type { Terminal } from '../terminal.ts';

/** Shows on the terminal how much of all known blobs has been transferred. */
export function blobProgress(terminal: Terminal, label: string): Disposable & { moved(moved: Moved): void } {
  const blobs = new Map<string, Moved>();
  let shown: ReturnType<Terminal['progress']> | undefined;
  let total = 0;
  return {
    moved(moved) {
      blobs.set(moved.digest, moved);
      const all = [...blobs.values()];
      const sum = all.reduce((bytes, each) => bytes + each.total, 0);
      if (shown === undefined || sum !== total) shown = terminal.progress(label, sum);
      total = sum;
      shown.at(all.reduce((bytes, each) => bytes + each.done, 0));
    },
    [Symbol.dispose]: () => shown?.[Symbol.dispose](),
  };
}
