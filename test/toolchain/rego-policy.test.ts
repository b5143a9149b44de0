import { beforeAll, describe, expect } from 'vitest';
import type { PluginLimits } from '../../host/src/runtime/limits.ts';
import { rustExample } from '../fixtures/rust-guest.ts';
import { openGuests } from '../fixtures/sandboxed.ts';
import { isMissing, itWith } from '../prerequisite.ts';

/** Policies that allow the tool `good`, and evaluate the text for every other. */
const allowing = (text: string) =>
  `package sallyport\nallow if input.tool == "good"\nallow if {\n  input.tool != "good"\n  ${text}\n}`;

const numbers = 'numbers.range(1, 5000)[_]';
const slow = allowing(`${numbers} + ${numbers} + ${numbers} < 0`);
const greedy = allowing(`count([text | n := ${numbers}; m := ${numbers}; text := sprintf("%d %d", [n, m])]) > 0`);

describe('hostile policies in Rego', () => {
  let bytes: Uint8Array;
  beforeAll(async () => {
    if (!isMissing('wasm-ld-22')) bytes = await rustExample('rego-policy');
  }, 1_800_000);

  const open = async (policies: string, limits: Partial<PluginLimits> = {}) => {
    const runner = await openGuests([{ bytes, config: { policies }, limits }]);
    const decide = async (tool: string) => {
      const { reports } = await runner.run({
        calls: [{ plugin: 'rego-policy', stopOnBlock: true, stopOnFailure: true }],
        context: { requestId: 'r', binding: 'b', upstream: 'u', method: 'tools/call', scopes: [] },
        stage: 'decide',
        value: { tag: 'tool-call', val: { name: tool, arguments: '{}' } },
      });
      return reports[0];
    };
    return { decide, [Symbol.asyncDispose]: () => runner[Symbol.asyncDispose]() };
  };

  itWith('wasm-ld-22').each([
    { what: 'loops for its time', policies: slow, limits: { timeoutMs: 1_000 }, cause: 'timeout' },
    { what: 'loops for its fuel', policies: slow, limits: { fuel: 200_000_000 }, cause: 'limit' },
    { what: 'takes memory', policies: greedy, limits: { memoryBytes: 24 * 2 ** 20 }, cause: 'limit' },
  ])('[HOOK-170] a decision fails that $what, and the next is made', async ({ policies, limits, cause }) => {
    await using policy = await open(policies, limits);
    expect(await policy.decide('bad')).toMatchObject({ outcome: 'failed', cause });
    expect(await policy.decide('good')).toMatchObject({ outcome: 'proceed' });
  });

  itWith('wasm-ld-22')(
    '[HOOK-170] a function that calls itself without end denies, and the next decision is made',
    async () => {
      await using policy = await open(`${allowing('f(1)')}\nf(n) if f(n + 1)`);
      expect((await policy.decide('bad'))?.outcome).toBe('failed');
      expect(await policy.decide('good')).toMatchObject({ outcome: 'proceed' });
    },
  );

  itWith('wasm-ld-22')('[HOOK-170] a policy that is nested without end is refused at the start', async () => {
    const faults = [{ code: 'plugin_start_failed' }];
    await expect(open(allowing('['.repeat(100_000)))).rejects.toMatchObject({ faults });
  });
});
