import type { Violation } from '../contract/generated/types.js';
import type { CallReport, FailureCause } from '../contract/hook-call.ts';
import type { BlockData } from './hook-chain.ts';
import { parseObject } from './invalid-output.ts';

const reasons: Readonly<Record<FailureCause, string>> = {
  trap: 'It crashed during the call.',
  timeout: 'It did not answer in time.',
  limit: 'It asked for more than its limits allow.',
  invalid_output: 'It returned an invalid value.',
  unavailable: 'It could not be called.',
  merge: 'It changed what another plugin changed at the same time.',
};

/** Converts a plugin's block. If its details are not a JSON object, they are left out, and it still blocks. */
export function violationData(plugin: string, violation: Violation): BlockData {
  const { code, reason, description } = violation;
  return { plugin, code, reason, description, ...readDetails(violation.details) };
}

/** Creates the block for a failure with `on_error: deny`. The details of the failure go to the log, not to clients. */
export const failureData = (plugin: string, cause: FailureCause): BlockData => ({
  plugin,
  code: 'plugin_failed',
  reason: 'A required plugin failed.',
  description: reasons[cause],
  details: { cause },
});

/** Creates the block for a value that could not be shown to the plugin. */
export const notShowableData = (plugin: string, why: string): BlockData => ({
  plugin,
  code: 'not_showable',
  reason: 'A value that a required plugin must inspect cannot be shown to it.',
  description: why,
});

/** Creates the report for a value that cannot be shown, where the block is only recorded. */
export function notShowableReport(plugin: string, why: string): CallReport {
  const { code, reason, description } = notShowableData(plugin, why);
  return { plugin, wallMs: 0, outcome: 'block', violation: { code, reason, description } };
}

function readDetails(text: string | undefined): Pick<BlockData, 'details'> {
  if (text === undefined) return {};
  try {
    return { details: parseObject(text, 'details') };
  } catch {
    return {};
  }
}
