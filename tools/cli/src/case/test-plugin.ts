import type { Case } from './case-file.ts';
import { coverageOf, formatCases } from './format-cases.ts';
import { type CaseResult, runCase } from './run-case.ts';
import { type TriedPlugin, tryPlugin } from './tried-plugin.ts';

export interface TestedPlugin {
  readonly plugin: TriedPlugin;
  readonly results: readonly CaseResult[];
  readonly failed: number;
  /** The report, as JSON and as text. */
  readonly json: object;
  readonly text: string;
}

export interface TestOptions {
  /** The name of the component in errors. */
  readonly reference: string;
  readonly cases: readonly Case[];
  readonly signal: AbortSignal;
  /** Units of fuel of each call; undefined where they are not limited. */
  readonly fuel?: number | undefined;
}

/** Runs all cases on a component. @throws Faults for which a gateway would refuse it */
export async function testPlugin(
  bytes: Uint8Array,
  { reference, cases, signal, fuel }: TestOptions,
): Promise<TestedPlugin> {
  const plugin = await tryPlugin(bytes, reference, fuel === undefined ? {} : { fuel });
  const results: CaseResult[] = [];
  for (const each of cases) results.push(await runCase(plugin, each, signal));
  const { descriptor } = plugin;
  const coverage = coverageOf(descriptor, cases);
  const failed = results.filter(({ passed }) => !passed).length;
  const { id, version } = descriptor;
  return {
    ...{ plugin, results, failed },
    json: { plugin: id, version, passed: results.length - failed, failed, coverage, cases: results },
    text: formatCases(descriptor, results, coverage),
  };
}
