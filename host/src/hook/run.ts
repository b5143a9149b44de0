import type { ChainedValue } from '../contract/hook-call.ts';
import type { JsonObject } from '../core/json.ts';
import { runBand } from './parallel-band.ts';
import { isCalled } from './plan.ts';
import { type Run, type RunResult, runHop } from './run-hop.ts';

/**
 * Passes a value through all plugins of a hook, hop by hop. The plugins of a band run at the same time; those in shadow
 * are shown the value at their place and never waited for.
 */
export async function runInOrder<V extends ChainedValue>(start: JsonObject, run: Run<V>): Promise<RunResult> {
  const { plan, view, recording } = run;
  let value = start;
  const hasBlobs = () => view.hasBlobs(value);
  const hopFrom = (place: number) => plan.hopFrom(place, hasBlobs, plan.isConditional ? run.about?.(value) : undefined);
  const show = plan.shadows.length === 0 ? undefined : showerOf(run);
  for (let hop = hopFrom(0); hop !== undefined; ) {
    show?.(value, hop.places[0]);
    const done = hop.members === undefined ? await runHop(value, hop, run) : await runBand(value, hop.members, run);
    // No answer leaves before its receipts were taken.
    const room = recording?.room();
    if (room !== undefined) await room;
    if (done.kind !== 'proceed') return done;
    value = done.value;
    hop = hopFrom(done.next);
  }
  show?.(value);
  return { kind: 'proceed', value };
}

/** Shows a value to all plugins in shadow, where no other plugin is called. */
export const showToAll = <V extends ChainedValue>(value: JsonObject, run: Run<V>): void => showerOf(run)(value);

/** Returns a function that shows a value to the plugins in shadow up to a place, each once. */
function showerOf<V extends ChainedValue>(run: Run<V>): (value: JsonObject, upTo?: number) => void {
  const { plan, about, shadows } = run;
  let next = 0;
  return (value, upTo = Infinity) => {
    for (let shadow = plan.shadows[next]; shadow !== undefined && shadow.place <= upTo; shadow = plan.shadows[next]) {
      next += 1;
      if (isCalled(shadow.plugin, plan.isConditional ? about?.(value) : undefined)) shadows?.start(shadow, value, run);
    }
  };
}
