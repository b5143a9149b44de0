import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { memberAt } from '../member-at.ts';
import type { Problem } from '../problem.ts';
import { entries, listed } from './named.ts';

/** A setting that is refused: for which values, why, and what to do. */
export interface RefusedSetting {
  applies(stated: unknown): boolean;
  readonly message: string;
  readonly hint?: string;
}

/** Settings that would let a request pass without the decision of a policy. */
const refused: Readonly<Record<string, RefusedSetting>> = {
  on_error: {
    applies: stated => (isJsonObject(stated) ? Object.values(stated) : [stated]).some(action => action !== 'deny'),
    message: 'a policy that fails denies, so its only `on_error` is deny',
  },
  mode: {
    applies: stated => stated !== 'enforce' && stated !== 'permissive',
    message: 'the `mode` of a policy is enforce, or permissive to only record what it would deny',
    hint: 'set mode: permissive to try the policy, or remove it from `policies` of the bindings',
  },
  conditions: {
    applies: stated => Array.isArray(stated) && stated.length > 0,
    message: 'a policy decides about every request of its bindings, so it has no `conditions`',
  },
};

/** Returns the ids of the plugins in `policies` of a binding. */
export const policyIds = (value: JsonObject): ReadonlySet<string> =>
  new Set(
    entries(value, ['bindings']).flatMap(({ path }) => listed(value, [...path, 'policies']).map(({ name }) => name)),
  );

/** Reports settings of plugins in `policies` of a binding that cannot apply to policies. */
export const policyProblems = (value: JsonObject): readonly Problem[] =>
  refusedSettings(value, policyIds(value), refused);

/** Reports settings of the named plugins that are refused. */
export const refusedSettings = (
  value: JsonObject,
  names: ReadonlySet<string>,
  settings: Readonly<Record<string, RefusedSetting>>,
): readonly Problem[] =>
  entries(value, ['plugins'])
    .filter(({ name }) => names.has(name))
    .flatMap(({ path: plugin }) =>
      Object.entries(settings).flatMap(([setting, { applies, message, hint = 'remove the setting' }]) => {
        const path = [...plugin, setting];
        const stated = memberAt(value, path);
        return stated !== undefined && applies(stated) ? [{ path, message, hint }] : [];
      }),
    );
