import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig, type TestProjectConfiguration } from 'vitest/config';

/**
 * What a test file needs decides its project. A file belongs to a project by its folder, `test/system/`, or by its
 * name beside the sources, `run.system.test.ts`; every other test is a unit test.
 */
const projects = {
  /** Guests are compiled and run in lanes. */
  sandbox: {},
  /** Whole gateways, child processes, registries, commands. */
  system: {},
  /** Programs of others: OCI clients and registries, the MCP conformance suite. */
  interop: {},
  /** Plugins are built: Go, Rust, Python, StarlingMonkey. One build of many crates takes minutes of a slow core. */
  toolchain: { testTimeout: 900_000, hookTimeout: 900_000 },
  /** What the documents say is done as it is written. */
  docs: {},
  /** Attacks beside honest clients, whose times are compared: one file at a time, when all others have ended. */
  hostile: { fileParallelism: false, sequence: { groupOrder: 2 } },
} as const;

const names = Object.keys(projects);

const maxWorkers = Math.max(2, availableParallelism());

export default defineConfig({
  test: {
    // Only what hangs ends by these: on a busy machine a test may take many times as long as on a quiet one.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000 } },
    setupFiles: ['./test/code-cache.ts'],
    reporters: ['default', './test/summary-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{host,tools}/**/*.test.ts', 'test/*.test.ts'],
          exclude: [...configDefaults.exclude, `**/*.{${names.join()}}.test.ts`],
          // Many wait for timers and sockets of their own.
          maxWorkers: 2 * maxWorkers,
          // A unit test leaves nothing behind that another file could see, so one process runs many files.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      ...Object.entries(projects).map(
        ([name, test]): TestProjectConfiguration => ({
          test: {
            name,
            include: [`test/${name}/**/*.test.ts`, `{host,tools}/**/*.${name}.test.ts`],
            maxWorkers,
            sequence: { groupOrder: 1 },
            ...test,
          },
        }),
      ),
    ],
  },
});
