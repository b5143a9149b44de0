import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fuzz, replay } from './fuzz.ts';
import { inputOf } from './inputs.ts';
import { target as misbehaving } from './misbehaving.ts';
import { loadTarget, targetNames } from './targets.ts';

const corpus = join(import.meta.dirname, '../corpus');
const seed = 'ci';
/** Components are built first, where no earlier run has. */
const patience = 300_000;

let out = '';
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'sallyport-fuzz-out-'));
});
afterAll(() => rm(out, { recursive: true, force: true }));

const said: string[] = [];
const options = { seed, jobs: 1, say: (line: string) => void said.push(line) };

describe.each(targetNames)('%s', name => {
  it('[FUZZ-01] that nobody would write are refused with a code, and nothing else happens', {
    timeout: patience,
  }, async () => {
    const target = await loadTarget(name);
    const [tried] = await fuzz([target], { ...options, out, runs: target.boundedRuns });
    expect(tried?.findings).toEqual([]);
    expect(tried?.runs).toBe(target.boundedRuns);
    // A target that refuses everything, or nothing, tells nothing.
    expect(Object.keys(tried?.outcomes ?? {}).length).toBeGreaterThan(1);
  });

  it('[FUZZ-01] as they really are, are accepted', { timeout: patience }, async () => {
    const target = await loadTarget(name);
    const files = await written(name, await target.seeds(), target.extension);
    const { findings, outcomes } = await replay(target, files);
    expect(findings).toEqual([]);
    expect(Object.keys(outcomes).filter(outcome => !fine.test(outcome))).toEqual([]);
    expect(Object.keys(outcomes).some(outcome => welcome.test(outcome))).toBe(true);
  });

  it('[FUZZ-02] that found something once find nothing more', { timeout: patience }, async () => {
    const folder = join(corpus, name);
    const files = (await readdir(folder).catch(() => [])).map(file => join(folder, file));
    expect((await replay(await loadTarget(name), files)).findings).toEqual([]);
  });
});

/**
 * The outcomes of real inputs. Excerpts in the operator guide are incomplete configurations; a notification has no
 * answer.
 */
const fine = /^(accepted|proceed and (proceed|modified)|HTTP 202|method_unknown|revision_unknown|config_invalid)$/;
const welcome = /^(accepted|proceed and)/;

async function written(name: string, inputs: readonly Uint8Array[], extension: string): Promise<string[]> {
  const files = inputs.map((_, index) => join(out, `${name}-${index}.${extension}`));
  await Promise.all(files.map((file, index) => writeFile(file, inputs[index] ?? '')));
  return files;
}

describe('the fuzzer', () => {
  it.each([
    ['crash', /ended with SIGABRT/],
    ['exit', /ended with 7/],
    ['hang', /hangs: longer than/],
    ['hoard', /heap out of memory/],
    ['codeless', /threw what is no Fault.*without a code/],
    ['internal', /failed as internal.*a mistake/],
    ['pollute', /Object\.prototype was changed: polluted/],
    ['uncaught', /nobody caught it.*nobody waits/],
  ])('[FUZZ-03] notices: %s, and goes on', async (wrong, reason) => {
    const files = await written(
      wrong,
      ['1', wrong, '2', 'refuse'].map(text => Buffer.from(text)),
      'txt',
    );
    // Under load, what takes long is no hang; what is one need not be waited for.
    const patience = wrong === 'hang' ? 2000 : misbehaving.patience;
    const { findings } = await replay({ ...misbehaving, patience }, files);
    expect(findings).toEqual([
      { target: 'misbehaving', run: 1, reason: expect.stringMatching(reason), file: files[1] },
    ]);
  });

  it('[FUZZ-03] makes the same inputs of the same seed, and others of another', async () => {
    for (const name of targetNames) {
      const target = await loadTarget(name);
      const seeds = await target.seeds();
      const made = (of: string) =>
        [1, 2, 3, 4, 5].map(run => Buffer.from(inputOf(target, seeds, of, run)).toString('base64'));
      expect(made('one')).toEqual(made('one'));
      expect(made('one')).not.toEqual(made('two'));
    }
  });

  it('[FUZZ-03] keeps what found something, and says how to try it again', async () => {
    const [tried] = await fuzz([{ ...misbehaving, patience: 2000 }], { ...options, out, runs: 12 });
    expect(tried?.runs).toBe(12);
    const [found] = tried?.findings ?? [];
    const kept = await readFile(found?.file ?? '');
    expect(kept).toEqual(Buffer.from(inputOf(misbehaving, await misbehaving.seeds(), seed, found?.run ?? 0)));
    expect(said.join('\n')).toContain(`--seed ${seed}, run ${found?.run}: ${found?.reason}`);
    expect(said.join('\n')).toContain(`pnpm fuzz --replay ${found?.file}`);
    expect((await replay(misbehaving, [found?.file ?? ''])).findings).toMatchObject([{ reason: found?.reason }]);
  });
});
