import type { Violation } from '../contract/generated/types.js';
import type { FailureCause } from '../contract/hook-call.ts';
import type { BlockData } from './hook-chain.ts';
import { parseObject } from './invalid-output.ts';

const reasons: Readonly<Record<FailureCause, string>> = {
  trap: 'It crashed during the call.',
  timeout: 'It did not answer in time.',
  limit: 'It asked for more than its limits allow.',
  invalid_output: 'It returned an invalid value.',
  unavailable: 'It could not be called.',
};

/** A plugin's own reason. The block stands also when its details are not a JSON object; then they are left out. */
export function violationData(plugin: string, violation: Violation): BlockData {
  const { code, reason, description } = violation;
  return { plugin, code, reason, description, ...readDetails(violation.details) };
}

/** A failure that `on_error` turns into a block. What exactly went wrong is for the log and not for clients. */
export const failureData = (plugin: string, cause: FailureCause): BlockData => ({
  plugin,
  code: 'plugin_failed',
  reason: 'A required plugin failed.',
  description: reasons[cause],
  details: { cause },
});

/** A value that could not be shown to the plugin, which therefore could not have its say. */
export const notShowableData = (plugin: string, why: string): BlockData => ({
  plugin,
  code: 'not_showable',
  reason: 'A value that a required plugin must inspect cannot be shown to it.',
  description: why,
});

function readDetails(text: string | undefined): Pick<BlockData, 'details'> {
  if (text === undefined) return {};
  try {
    return { details: parseObject(text, 'details') };
  } catch {
    return {};
  }
}
