import { z } from 'zod';
import { type FailureAction, type FailureCause, failureActions } from '../../contract/hook-call.ts';
import { everyCause } from '../../contract/hook-policy.ts';

const failureAction = z.enum(failureActions);

/** `on_error` of a plugin: one action for all causes of failure, or one for each. The default is in `plugin_settings`. */
export const onError = z
  .union(
    [
      failureAction,
      z.strictObject({
        trap: failureAction.optional(),
        timeout: failureAction.optional(),
        limit: failureAction.optional(),
        invalid_output: failureAction.optional(),
        unavailable: failureAction.optional(),
        merge: failureAction.optional(),
      }),
    ],
    { error: 'expected deny, ignore or disable, or one of them for each cause' },
  )
  .default({})
  .transform((stated): Readonly<Partial<Record<FailureCause, FailureAction>>> => {
    if (typeof stated === 'string') return everyCause(stated);
    return Object.fromEntries(Object.entries(stated).filter(([, action]) => action !== undefined));
  })
  .meta({ default: 'deny' });
