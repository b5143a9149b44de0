import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '@sallyport/host/core/digest';
import { toFaults } from '@sallyport/host/core/fault';
import { faultsAsText } from '@sallyport/host/core/fault-text';
import { clientOptions, placeOf, registryOptions } from '../../artifact/place.ts';
import { readDescriptorFile } from '../../artifact/read-descriptor-file.ts';
import { type Context, defineCommand, type Result } from '../../command.ts';
import { readInput } from '../../read-input.ts';
import { replaceFile } from '../../write-file.ts';

export const command = defineCommand({
  summary: 'run the cases of a plugin in the sandbox, with answers of the host that they state',
  about: `Builds the plugin aside, and runs cases/*.json on it: what goes into a hook, what the host answers, what must
come out. A component that passes becomes ID.wasm in the folder; exit code 1 when a case fails. Building runs programs of
the folder on this machine: build scripts, packages, modules of Python.`,
  arguments: { FOLDER: { says: 'the folder of the plugin, with its plugin.json (default: this one)', optional: true } },
  options: {
    component: { value: 'FILE', says: 'a component to test as it is, without a build' },
    cases: { value: 'FOLDER', says: 'where the cases are (default: cases in the folder)' },
    against: { value: 'REFERENCE', says: 'another version: a file, ./layout:tag, or registry/repository:tag' },
    watch: { says: 'test again whenever a file of the folder changes, until Ctrl-C' },
    ...registryOptions,
  },
  example: 'sallyport plugin test plugins-examples/redact-emails',
  async run({ options, args: { FOLDER: folder = '.' }, json }, on) {
    const once = () => testOnce({ ...options, folder }, on);
    if (!options.watch) return once();
    const { watchFolder } = await import('../../watch-folder.ts');
    const tell = async () => {
      const result = await once().catch(error => {
        on.signal.throwIfAborted();
        const faults = toFaults(error);
        return { json: { errors: faults.map(({ code, message }) => ({ code, message })) }, text: faultsAsText(faults) };
      });
      if (typeof result === 'object') on.terminal.print(json ? JSON.stringify(result.json) : result.text);
    };
    for await (const _ of watchFolder(folder, on.signal)) await tell();
    on.signal.throwIfAborted();
    return undefined;
  },
});

interface TestOptions {
  readonly folder: string;
  readonly component: string | undefined;
  readonly cases: string | undefined;
  readonly against: string | undefined;
  readonly 'plain-http': readonly string[];
  readonly 'token-host': readonly string[];
}

async function testOnce(options: TestOptions, on: Context): Promise<Result> {
  const { folder, against } = options;
  const [{ testPlugin }, { readCases }] = await Promise.all([
    import('../../case/test-plugin.ts'),
    import('../../case/case-file.ts'),
  ]);
  const cases = await readCases(options.cases ?? join(folder, 'cases'));
  const { bytes, keep } = await componentOf(options, on);
  const tested = await testPlugin(bytes, { reference: folder, cases, signal: on.signal });
  const digest = digestOf(bytes);
  const component = tested.failed === 0 ? await keep() : undefined;
  const { tellChanges } = await import('../../case/tell-cases.ts');
  const changes = against === undefined ? undefined : await changesFrom(against);
  return {
    json: { ...tested.json, digest, ...(component && { component }), ...(changes && { changes }) },
    text: [
      tested.text.replace('\n', `\ncomponent: ${component ?? 'not kept'} ${digest}\n`),
      ...(against !== undefined && changes ? [tellChanges(against, changes)] : []),
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
  /** Puts it in its place, unless it is there already. Yields where it is. */
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
