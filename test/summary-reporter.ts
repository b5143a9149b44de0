import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** The last line of a run, written for machines: `12 passed, 0 failed, 3 skipped (missing: skopeo)`. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    process.stdout.write(`${summaryOf(modules, unhandled.length)}\n`);
  }
}

/**
 * Counts the tests of a run. What failed outside of a test counts as failed too: a file that cannot be loaded, an
 * error that was not caught. What tests were skipped for comes at the end.
 */
export function summaryOf(modules: readonly Pick<TestModule, 'children' | 'errors'>[], unhandled: number): string {
  const tests = modules.flatMap(({ children }) => [...children.allTests()]);
  const states = tests.map(test => test.result().state);
  const count = (state: (typeof states)[number]) => states.filter(each => each === state).length;
  const broken = modules.flatMap(module => module.errors()).length;
  const suites = modules.flatMap(({ children }) => [...children.allSuites()].flatMap(suite => suite.errors())).length;
  const skipped = count('skipped') + count('pending');
  const failed = count('failed') + broken + suites + unhandled;
  const missing = [...new Set(tests.flatMap(test => test.meta().missing ?? []))].toSorted();
  const reasons = missing.length === 0 ? '' : ` (missing: ${missing.join(', ')})`;
  return `${count('passed')} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped${reasons}`}`;
}
