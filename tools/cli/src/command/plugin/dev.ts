import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf, fail, faultsAsJson, faultsAsText, toFaults } from '@sallyport/host/core';
import { readDescriptorFile } from '../../artifact/read-descriptor-file.ts';
import { type Context, defineCommand } from '../../command.ts';

const inspector = '@modelcontextprotocol/inspector@2.12.0';

export const command = defineCommand({
  summary: 'serve a plugin during development: build, test and reload it on each change, and print each call',
  about: `Starts a development gateway on this machine, with the plugin in front of an echo upstream or, with --config, of the
upstreams of that file. If a build or a case fails, it prints why and keeps serving the last good build. For each hook
call it prints the input, the output, and what the plugin logged. Ctrl-C stops it. Like plugin build, it runs code of
the folder on this machine.`,
  arguments: {
    FOLDER: { says: 'the plugin’s folder, with its plugin.json (default: the current one)', optional: true },
  },
  options: {
    config: { short: 'c', value: 'FILE', says: 'a configuration that uses the plugin; the build replaces its source' },
    port: { value: 'PORT', says: 'the port to listen on (default: as configured, or 8790); 0 picks a free one' },
    untested: { says: 'reload without running the test cases' },
  },
  example: 'sallyport plugin dev plugins-examples/redact-emails',
  async run({ options, args: { FOLDER: folder = '.' }, json }, on) {
    const { terminal, signal } = on;
    const [{ createDevGateway }, { watchPlugin }, { formatCall, formatLine }, { watchFolder }] = await Promise.all([
      import('../../dev/dev-gateway.ts'),
      import('../../dev/watch-plugin.ts'),
      import('../../dev/format-call.ts'),
      import('../../watch-folder.ts'),
    ]);
    const event = (name: string, about: object) => terminal.print(JSON.stringify({ event: name, ...about }));
    const { id } = await readDescriptorFile(join(folder, 'plugin.json'));
    const { watch, hear } = watchPlugin(id, {
      call: seen => (json ? event('call', seen) : terminal.print(formatCall(seen))),
      log: line => (json ? event('log', line) : terminal.print(`log ${formatLine(line)}`)),
      gateway: line => (json ? event('gateway', line) : terminal.say(`gateway: ${formatLine(line)}`)),
    });
    await using gateway = await createDevGateway({ ...options, port: portOf(options.port), watch, signal, hear });
    terminal.say('This is a development gateway: it runs whatever this folder builds.');

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
        // A change of the sources would not free the address.
        if (faults.some(({ code }) => code === 'listen_failed')) throw error;
        if (json) event('refused', JSON.parse(faultsAsJson(faults)));
        else terminal.say(faultsAsText(faults));
      }
      if (!served && !signal.aborted && !json) terminal.say('Not serving yet: waiting for a change.');
    }
    return undefined;
  },
});

interface Work {
  readonly folder: string;
  /** The id of the plugin that the gateway was created for. */
  readonly id: string;
  readonly tested: boolean;
}

/** Builds and tests the plugin. Returns the component and its descriptor, or the report of failed cases. @throws Faults */
async function buildAndTest({ folder, id, tested }: Work, { terminal, signal }: Context) {
  const descriptor = await readDescriptorFile(join(folder, 'plugin.json'));
  if (descriptor.id !== id)
    return fail('usage', { plugin: id, what: `its id is now ${descriptor.id}`, hint: 'restart sallyport plugin dev' });
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

/** Runs the cases. Undefined when all pass, or there are none. */
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
