import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '@sallyport/host/core/digest';
import { fail, toFaults } from '@sallyport/host/core/fault';
import { faultsAsJson, faultsAsText } from '@sallyport/host/core/fault-text';
import { readDescriptorFile } from '../../artifact/read-descriptor-file.ts';
import { type Context, defineCommand } from '../../command.ts';

const inspector = '@modelcontextprotocol/inspector@2.12.0';

export const command = defineCommand({
  summary: 'serve a plugin while it is written: build, test and reload it on each change, and print each call',
  about: `Starts a development gateway on this machine, with the plugin in front of an upstream that echoes, or with
--config in front of what that file says. A failing build or case is reported, and the last good build goes on serving.
For each call of a hook it prints what went in, what came out, and what the plugin logged. Ctrl-C ends it. Building runs
programs of the folder on this machine, as plugin build does.`,
  arguments: { FOLDER: { says: 'the folder of the plugin, with its plugin.json (default: this one)', optional: true } },
  options: {
    config: { short: 'c', value: 'FILE', says: 'a configuration that uses the plugin; its source is the build' },
    port: { value: 'PORT', says: 'where it listens (default: as the configuration says, or 8790); 0 is any free port' },
    untested: { says: 'reload without running the cases' },
  },
  example: 'sallyport plugin dev plugins-examples/redact-emails',
  async run({ options, args: { FOLDER: folder = '.' }, json }, on) {
    const { terminal, signal } = on;
    const [{ createDevGateway }, { watchPlugin }, { tellCall, tellLine }, { watchFolder }] = await Promise.all([
      import('../../dev/dev-gateway.ts'),
      import('../../dev/watch-plugin.ts'),
      import('../../dev/tell-call.ts'),
      import('../../watch-folder.ts'),
    ]);
    const event = (name: string, about: object) => terminal.print(JSON.stringify({ event: name, ...about }));
    const { id } = await readDescriptorFile(join(folder, 'plugin.json'));
    const { watch, hear } = watchPlugin(id, {
      call: seen => (json ? event('call', seen) : terminal.print(tellCall(seen))),
      log: line => (json ? event('log', line) : terminal.print(`log ${tellLine(line)}`)),
      gateway: line => (json ? event('gateway', line) : terminal.say(`gateway: ${tellLine(line)}`)),
    });
    await using gateway = await createDevGateway({ ...options, port: portOf(options.port), watch, signal, hear });
    terminal.say('This is a development gateway: it runs whatever this folder builds, no matter who changed it.');

    let served = false;
    for await (const _ of watchFolder(folder, signal, options.config)) {
      try {
        const build = await buildAndTest({ folder, id, tested: !options.untested }, on);
        if ('failed' in build) {
          if (json) event('failed', build.failed.json);
          else terminal.say(build.failed.text);
        } else {
          const { url } = await gateway.serve(build);
          const about = { plugin: id, version: build.descriptor.version, digest: digestOf(build.bytes) };
          if (json) event(served ? 'reloaded' : 'serving', { ...about, url: `${url}/mcp` });
          else if (served) terminal.say(`reloaded ${id} ${about.version} ${about.digest}`);
          else terminal.say(greeting(about, `${url}/mcp`, options.config === undefined));
          served = true;
        }
      } catch (error) {
        if (signal.aborted) break;
        const faults = toFaults(error);
        // No change of a file gives it the address.
        if (faults.some(({ code }) => code === 'listen_failed')) throw error;
        if (json) event('refused', JSON.parse(faultsAsJson(faults)));
        else terminal.say(faultsAsText(faults));
      }
      if (!served && !signal.aborted && !json) terminal.say('Nothing is served yet: waiting for a change.');
    }
    return undefined;
  },
});

interface Work {
  readonly folder: string;
  /** Of the plugin for which the gateway was made. */
  readonly id: string;
  readonly tested: boolean;
}

/** The component and its descriptor, or what its cases say against it. @throws Faults */
async function buildAndTest({ folder, id, tested }: Work, { terminal, signal }: Context) {
  const descriptor = await readDescriptorFile(join(folder, 'plugin.json'));
  if (descriptor.id !== id)
    return fail('usage', { plugin: id, what: `its id is ${descriptor.id} now`, hint: 'start again' });
  const { buildPlugin } = await import('../../build/build-plugin.ts');
  const aside = await mkdtemp(join(tmpdir(), 'sallyport-dev-build-'));
  using _ = terminal.busy(`building ${id}`);
  try {
    const { bytes } = await buildPlugin({
      folder,
      descriptor,
      out: join(aside, 'plugin.wasm'),
      say: terminal.say,
      signal,
    });
    const failed = tested ? await failedCases(folder, bytes, signal) : undefined;
    return failed === undefined ? { bytes, descriptor } : { failed };
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** Undefined when all cases pass, or there are none. */
async function failedCases(folder: string, bytes: Uint8Array, signal: AbortSignal) {
  if (!existsSync(join(folder, 'cases'))) return undefined;
  const [{ testPlugin }, { readCases }] = await Promise.all([
    import('../../case/test-plugin.ts'),
    import('../../case/case-file.ts'),
  ]);
  const cases = await readCases(join(folder, 'cases'));
  const tested = await testPlugin(bytes, { reference: folder, cases, signal });
  return tested.failed === 0 ? undefined : tested;
}

function greeting({ plugin, version }: { plugin: string; version: string }, url: string, echoes: boolean): string {
  const method = echoes ? 'tools/call --tool-name echo --tool-arg message="hello"' : 'tools/list';
  return `serving ${plugin} ${version} on ${url}\ntry: npx -y ${inspector} --cli ${url} --method ${method}`;
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d{1,5}$/.test(text) ? Number(text) : fail('usage', { option: '--port', value: text });
}
