import type { Request, Response } from '../contract/generated/types.js';
import type { JsonObject } from '../core/json.ts';
import { runBand } from './parallel-band.ts';
import { type Run, type RunResult, runHop } from './run-hop.ts';

/** Passes a value through all plugins of a hook, hop by hop. The plugins of a band run at the same time. */
export async function runInOrder<V extends Request | Response>(start: JsonObject, run: Run<V>): Promise<RunResult> {
  const { plan, view } = run;
  let value = start;
  const hasBlobs = () => view.hasBlobs(value);
  const hopFrom = (place: number) => plan.hopFrom(place, hasBlobs, plan.isConditional ? run.about?.(value) : undefined);
  for (let hop = hopFrom(0); hop !== undefined; ) {
    const done = hop.members === undefined ? await runHop(value, hop, run) : await runBand(value, hop.members, run);
    if (done.kind !== 'proceed') return done;
    value = done.value;
    hop = hopFrom(done.next);
  }
  return { kind: 'proceed', value };
}
