import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { memberAt } from '../member-at.ts';
import type { Problem } from '../problem.ts';
import { entries, listed } from './named.ts';

/** Settings that would let a request pass without the decision of a policy: when each does, and why that is refused. */
const refused: Readonly<Record<string, { applies(stated: unknown): boolean; readonly message: string }>> = {
  on_error: {
    applies: stated => (isJsonObject(stated) ? Object.values(stated) : [stated]).some(action => action !== 'deny'),
    message: 'a policy that fails denies, so its only `on_error` is deny',
  },
  mode: {
    applies: stated => stated !== 'enforce',
    message: 'what a policy decides counts, so its only `mode` is enforce',
  },
  conditions: {
    applies: stated => Array.isArray(stated) && stated.length > 0,
    message: 'a policy decides about every request of its bindings, so it has no `conditions`',
  },
};

/** Reports settings of plugins in `policies` of a binding that cannot apply to policies. */
export function policyProblems(value: JsonObject): readonly Problem[] {
  const policies = new Set(
    entries(value, ['bindings']).flatMap(({ path }) => listed(value, [...path, 'policies']).map(({ name }) => name)),
  );
  return entries(value, ['plugins'])
    .filter(({ name }) => policies.has(name))
    .flatMap(({ path: plugin }) =>
      Object.entries(refused).flatMap(([setting, { applies, message }]) => {
        const path = [...plugin, setting];
        const stated = memberAt(value, path);
        return stated !== undefined && applies(stated) ? [{ path, message, hint: 'remove the setting' }] : [];
      }),
    );
}
