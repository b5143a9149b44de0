import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** The last line of a run, for whoever reads it by machine: `12 passed, 0 failed, 3 skipped`. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    process.stdout.write(`${summaryOf(modules, unhandled.length)}\n`);
  }
}

/** What failed outside of a test counts as failed too: a file that cannot be loaded, an error that nobody caught. */
export function summaryOf(modules: readonly Pick<TestModule, 'children' | 'errors'>[], unhandled: number): string {
  const states = modules.flatMap(({ children }) => [...children.allTests()].map(test => test.result().state));
  const count = (state: (typeof states)[number]) => states.filter(each => each === state).length;
  const broken = modules.flatMap(module => module.errors()).length;
  const suites = modules.flatMap(({ children }) => [...children.allSuites()].flatMap(suite => suite.errors())).length;
  const skipped = count('skipped') + count('pending');
  const failed = count('failed') + broken + suites + unhandled;
  return `${count('passed')} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}
