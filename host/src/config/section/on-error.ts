import { z } from 'zod';
import { failureActions } from '../../contract/hook-call.ts';
import { everyCause } from '../../contract/hook-policy.ts';

const failureAction = z.enum(failureActions);

/** `on_error` of a plugin: one action for all causes of failure, or one for each. The default is deny. */
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
  .default('deny')
  .transform(stated => {
    if (typeof stated === 'string') return everyCause(stated);
    const named = Object.entries(stated).filter(([, action]) => action !== undefined);
    return { ...everyCause('deny'), ...(Object.fromEntries(named) as Partial<ReturnType<typeof everyCause>>) };
  });
