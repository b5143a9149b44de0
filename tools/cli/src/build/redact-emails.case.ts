import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { TransformExports } from '../../../../test/fixtures/instantiate.ts';

const folder = join(import.meta.dirname, '../../../../plugins-examples/redact-emails/cases');
const cases = globSync('*.json', { cwd: folder })
  .toSorted()
  .flatMap(file => {
    const { config: shared, cases: own } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return own.filter((each: object) => 'response' in each).map((each: object) => ({ config: shared, ...each }));
  });
const context = { requestId: '1', binding: 'b', upstream: 'u', deadlineMs: 1 };

/** What redact-emails does, in whichever language it is written. `build` yields what makes instances of it. */
export function redactCases(build: () => Promise<() => TransformExports>, test: typeof it | typeof it.skip = it): void {
  let make: () => TransformExports;
  const after = (response: unknown, config: unknown = {}) => {
    const plugin = make();
    plugin.lifecycle.configure(JSON.stringify(config));
    return JSON.parse(JSON.stringify(plugin.dispatchHooks.afterDispatch(context, response)));
  };
  const result = (text: string) => ({
    tag: 'tool-result',
    val: { content: [{ tag: 'text', val: text }], isError: false },
  });
  if (test === it) {
    beforeAll(async () => {
      make = await build();
    }, 600_000);
  }

  test.each(cases)('[AUT-03] $name', ({ config, response, expect: { outcome: tag, value: val } }) => {
    expect(after(response, config)).toEqual(val === undefined ? { tag } : { tag, val });
  });

  test('[AUT-03] refuses a replacement that is no text', () => {
    expect(() => make().lifecycle.configure('{"replacement": 1}')).toThrow(/a string/);
  });

  test('[AUT-03] stays fast on text that looks like addresses for long', () => {
    for (const text of [
      'a'.repeat(200_000),
      `${'a.'.repeat(50_000)}@`,
      `x@${'a.'.repeat(50_000)}`,
      '@'.repeat(100_000),
    ]) {
      after(result(text));
    }
  });
}
