import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['host/src/**/*.test.ts', 'tools/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    setupFiles: ['./test/code-cache.ts'],
    maxWorkers: 2,
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
