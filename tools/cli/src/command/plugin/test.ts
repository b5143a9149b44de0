import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf, fail, faultsAsText, toFaults } from '@sallyport/host/core';
import { clientOptions, placeOf, registryOptions } from '../../artifact/place.ts';
import { readDescriptorFile } from '../../artifact/read-descriptor-file.ts';
import { type Context, defineCommand, type Result } from '../../command.ts';
import { readInput } from '../../read-input.ts';
import { replaceFile } from '../../write-file.ts';

export const command = defineCommand({
  summary: 'run the test cases of a plugin in the sandbox, with canned answers of the host',
  about: `Builds the plugin in a temporary folder and runs cases/*.json on it. A case states the input of a hook, the host's
answers and the expected output. If all cases pass, the component becomes ID.wasm in the folder; if one fails, the exit
code is 1. Building runs code of the folder on this machine: build scripts, packages, Python modules.`,
  arguments: {
    FOLDER: { says: 'the plugin’s folder, with its plugin.json (default: the current one)', optional: true },
  },
  options: {
    component: { value: 'FILE', says: 'test this component instead of building one' },
    cases: { value: 'FOLDER', says: 'the folder of the cases (default: cases in the plugin’s folder)' },
    against: {
      value: 'REFERENCE',
      says: 'compare with another version: a file, ./layout:tag, or registry/repository:tag',
    },
    fuel: {
      value: 'UNITS',
      says: 'limit each hook call, and the start of an instance, as limits.fuel of a gateway does (default: no limit)',
    },
    watch: { says: 'test again whenever a file in the folder changes, until Ctrl-C' },
    ...registryOptions,
  },
  example: 'sallyport plugin test plugins-examples/redact-emails',
  async run({ options, args: { FOLDER: folder = '.' }, json }, on) {
    const fuel = unitsOf(options.fuel);
    const once = () => testOnce({ ...options, fuel, folder }, on);
    if (!options.watch) return once();
    const { watchFolder } = await import('../../watch-folder.ts');
    const testAndPrint = async () => {
      const result = await once().catch(error => {
        on.signal.throwIfAborted();
        const faults = toFaults(error);
        return { json: { errors: faults.map(({ code, message }) => ({ code, message })) }, text: faultsAsText(faults) };
      });
      if (typeof result === 'object') on.terminal.print(json ? JSON.stringify(result.json) : result.text);
    };
    for await (const _ of watchFolder(folder, on.signal)) await testAndPrint();
    on.signal.throwIfAborted();
    return undefined;
  },
});

interface TestOptions {
  readonly folder: string;
  readonly component: string | undefined;
  readonly cases: string | undefined;
  readonly against: string | undefined;
  readonly fuel: number | undefined;
  readonly 'plain-http': readonly string[];
  readonly 'token-host': readonly string[];
}

async function testOnce(options: TestOptions, on: Context): Promise<Result> {
  const { folder, against, fuel } = options;
  const [{ testPlugin }, { readCases }] = await Promise.all([
    import('../../case/test-plugin.ts'),
    import('../../case/case-file.ts'),
  ]);
  const cases = await readCases(options.cases ?? join(folder, 'cases'));
  const { bytes, keep } = await componentOf(options, on);
  const tested = await testPlugin(bytes, { reference: folder, cases, signal: on.signal, fuel });
  const digest = digestOf(bytes);
  const component = tested.failed === 0 ? await keep() : undefined;
  const { formatChanges } = await import('../../case/format-cases.ts');
  const changes = against === undefined ? undefined : await changesFrom(against);
  return {
    json: { ...tested.json, digest, ...(component && { component }), ...(changes && { changes }) },
    text: [
      tested.text.replace('\n', `\ncomponent: ${component ?? 'not kept'} ${digest}\n`),
      ...(against !== undefined && changes ? [formatChanges(against, changes)] : []),
    ].join('\n'),
    exit: tested.failed === 0 ? 0 : 1,
  };

  async function changesFrom(reference: string) {
    const { artifactAt } = await import('../../artifact/judge.ts');
    const { differencesOf } = await import('../../case/difference.ts');
    const { runCase } = await import('../../case/run-case.ts');
    const { tryPlugin } = await import('../../case/tried-plugin.ts');
    const { bytes } = await artifactAt(await placeOf(reference), clientOptions(options, on.env), on.signal);
    const other = await tryPlugin(bytes, reference);
    const changes = [];
    for (const [index, each] of cases.entries()) {
      const { came } = await runCase(other, each, on.signal);
      const differences = differencesOf(came, tested.results[index]?.came, '');
      if (differences.length > 0) changes.push({ name: each.name, differences });
    }
    return changes;
  }
}

interface Tested {
  readonly bytes: Uint8Array;
  /** Moves the component into the plugin's folder, if it was built. Returns its path. */
  keep(): Promise<string>;
}

async function componentOf({ folder, component }: TestOptions, { terminal, signal }: Context): Promise<Tested> {
  if (component !== undefined) return { bytes: await readInput(component), keep: async () => component };
  const descriptor = await readDescriptorFile(join(folder, 'plugin.json'));
  const [{ buildPlugin }, { readSources, stampBuild }] = await Promise.all([
    import('../../build/build-plugin.ts'),
    import('../../build/build-stamp.ts'),
  ]);
  const sources = await readSources(folder);
  const aside = await mkdtemp(join(tmpdir(), 'sallyport-test-'));
  try {
    const out = join(aside, 'plugin.wasm');
    const { bytes } = await buildPlugin({ folder, descriptor, out, say: terminal.say, signal });
    const keep = async () => {
      const kept = join(folder, `${descriptor.id}.wasm`);
      await replaceFile(kept, bytes);
      await stampBuild(folder, bytes, sources);
      return kept;
    };
    return { bytes, keep };
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

function unitsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : fail('usage', { option: '--fuel', value: text });
}
