import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tellAll } from '@sallyport/host/command/tell';
import { toFaults } from '@sallyport/host/core/fault';
import { clientOptions, placeOf, registryOptions } from '../../artifact/place.ts';
import { readDescriptorFile } from '../../artifact/read-descriptor-file.ts';
import { type Context, defineCommand, type Result } from '../../command.ts';
import { readInput } from '../../read-input.ts';

export const command = defineCommand({
  summary: 'run the cases of a plugin in the sandbox, with answers of the host that they state',
  about: `Builds the plugin aside, and runs cases/*.json on it: what goes into a hook, what the host answers, what must
come out. Exit code 1 when a case fails.`,
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
        return { json: { errors: faults.map(({ code, message }) => ({ code, message })) }, text: tellAll(faults) };
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
  const tested = await testPlugin(await componentOf(options, on), { reference: folder, cases, signal: on.signal });
  const { tellChanges } = await import('../../case/tell-cases.ts');
  const changes = against === undefined ? undefined : await changesFrom(against);
  return {
    json: { ...tested.json, ...(changes && { changes }) },
    text: [tested.text, ...(against !== undefined && changes ? [tellChanges(against, changes)] : [])].join('\n'),
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

async function componentOf({ folder, component }: TestOptions, { terminal, signal }: Context): Promise<Uint8Array> {
  if (component !== undefined) return readInput(component);
  const descriptor = await readDescriptorFile(join(folder, 'plugin.json'));
  const { buildPlugin } = await import('../../build/build-plugin.ts');
  const aside = await mkdtemp(join(tmpdir(), 'sallyport-test-'));
  try {
    return (await buildPlugin({ folder, descriptor, out: join(aside, 'plugin.wasm'), say: terminal.say, signal }))
      .bytes;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
