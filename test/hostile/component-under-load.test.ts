import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grantsSchema } from '../../host/src/capability/registry.ts';
import { loadConfig } from '../../host/src/config/load-config.ts';
import { toFaults } from '../../host/src/core/fault.ts';
import { silentLog } from '../../host/src/core/log.ts';
import { loadAll } from '../../host/src/host/load-all.ts';
import { componentSection } from '../../host/src/wasm/binary-format.ts';
import { section } from '../../host/src/wasm/binary-writer.ts';
import { descriptorSectionName } from '../../host/src/wasm/descriptor-section.ts';
import { jsGuest, watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHonestLoad } from '../fixtures/honest-load.ts';
import { doubling, functions, nested, times, unfolding, withParts } from '../fixtures/odd-component.ts';
import { openHost, writeHostFolder } from '../fixtures/open-host.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { endure } from '../fixtures/siege.ts';
import { withSection } from '../fixtures/signed-plugin.ts';

const MiB = 2 ** 20;
const descriptor = guestDescriptor('odd');
const block = [0x02, 0x40];
const end = [0x0b];
const jump = [0x02, 0x40, 0x41, 0x00, 0x0e, 0x80, 0x08, ...Array(1025).fill(0), 0x0b];
const text = (content: string) => Buffer.from(content);
const fields = text(JSON.stringify(descriptor));

interface Odd {
  readonly what: string;
  readonly make: (honest: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  /** What it is refused with, or nothing when it loads: it is large, and not hostile. */
  readonly code?: string;
}
const modules =
  (...each: readonly Uint8Array[]) =>
  (honest: Uint8Array) =>
    withParts(honest, { modules: each });
const sections =
  (...each: readonly Uint8Array[]) =>
  (honest: Uint8Array) =>
    withParts(honest, { sections: each });
const many = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

const odd: readonly Odd[] = [
  { what: '1,000 core modules', make: modules(...many(1000, functions(1, []))), code: 'component_excessive' },
  { what: '100,000 functions', make: modules(functions(100_000, [])), code: 'component_excessive' },
  { what: '50,000 functions', make: modules(functions(50_000, [])) },
  { what: 'a function of 7 MB', make: modules(functions(1, times(7_000_000, [0x01]))), code: 'component_excessive' },
  {
    what: 'a function that takes a minute to compile',
    make: modules(functions(1, times(100_000, [...block, ...end]), 5000)),
    code: 'component_excessive',
  },
  {
    what: 'blocks nested 100,000 deep',
    make: modules(functions(1, Buffer.concat([times(100_000, block), times(100_000, end)]))),
  },
  { what: 'jump tables without end', make: modules(functions(10, times(900, jump))) },
  { what: 'components nested 1,000 deep', make: sections(nested(1000)), code: 'component_malformed' },
  { what: 'types that double 40 times', make: sections(doubling(40)), code: 'compile_failed' },
  {
    what: '100,000 types',
    make: sections(
      section(componentSection.type, Buffer.concat([Uint8Array.of(0xa0, 0x8d, 0x06), times(100_000, [0x70, 0x7f])])),
    ),
  },
  { what: 'types that unfold into 5 MB of code', make: () => unfolding(descriptor, 15), code: 'component_excessive' },
  { what: 'a custom section of 50 MB', make: honest => withSection(honest, 'x', new Uint8Array(50 * MiB)) },
  { what: '200 MB', make: honest => withSection(honest, 'x', new Uint8Array(200 * MiB)), code: 'artifact_too_large' },
  { what: '20,000 custom sections', make: sections(times(20_000, [0, 2, 1, 0x61])), code: 'component_excessive' },
  {
    what: 'two descriptors',
    make: honest => withSection(honest, descriptorSectionName, fields),
    code: 'descriptor_invalid',
  },
  { what: 'half a descriptor', make: bare(fields.subarray(0, 20)), code: 'descriptor_invalid' },
  { what: 'a descriptor that ends too early', make: honest => honest.slice(0, -20), code: 'component_malformed' },
  { what: 'a descriptor of 50 MB', make: bare(text(`{"id":"${'x'.repeat(50 * MiB)}"}`)), code: 'descriptor_invalid' },
  {
    what: 'a descriptor that is nested 100,000 deep',
    make: bare(text('['.repeat(100_000))),
    code: 'descriptor_invalid',
  },
];

/** An honest component whose descriptor is another. */
function bare(content: Uint8Array): Odd['make'] {
  return honest => {
    const length = fields.length + descriptorSectionName.length + 1;
    return withSection(honest.slice(0, -(length + (length < 0x80 ? 2 : 3))), descriptorSectionName, content);
  };
}

/**
 * A second set of plugins is loaded in the process of a gateway that serves, as a reload would, again and again.
 * Whatever it is, the load ends with a code that names the plugin, and the gateway's thread is never held up for long.
 */
describe('while odd components are loaded beside them, honest clients', () => {
  let upstream: RawHttpServer;
  let gateway: Awaited<ReturnType<typeof openHost>>;
  let load: Awaited<ReturnType<typeof openHonestLoad>>;
  let honest: Uint8Array;
  beforeAll(async () => {
    upstream = await startRawHttpServer({ name: 'upstream' });
    const file = join(import.meta.dirname, '../../plugins-examples/redact-emails/redact-emails.js');
    const bytes = await jsGuest(
      guestDescriptor('redact', { hooks: ['tool_post_invoke'] }),
      await readFile(file, 'utf8'),
    );
    honest = await watGuest(descriptor);
    gateway = await openHost([{ id: 'redact', bytes, limits: { timeout_ms: 30_000 } }], upstream.url);
    load = await openHonestLoad(`${gateway.url}/mcp`, 4);
    await load.run(500);
  });
  afterAll(async () => {
    await load?.[Symbol.asyncDispose]();
    await gateway?.[Symbol.asyncDispose]();
    await upstream?.[Symbol.asyncDispose]();
  });

  it.each(odd)('[SBX-62] lose nothing to one with $what', async ({ make, code }) => {
    const bytes = await make(honest);
    const cache_dir = join(tmpdir(), `sallyport-odd-${process.pid}-${performance.now()}`);
    await using folder = await writeHostFolder([{ id: 'odd', bytes }], upstream.url, { cache_dir });
    const config = await loadConfig(folder.file, { grants: grantsSchema });
    const delay = monitorEventLoopDelay({ resolution: 5 });
    const heldUpMs: number[] = [];
    const attack = async () => {
      delay.reset();
      delay.enable();
      const faults = await loadAll(config, silentLog()).then(() => [], toFaults);
      delay.disable();
      heldUpMs.push(delay.max / 1e6);
      expect(faults.map(fault => [fault.code, fault.details.plugin])).toEqual(
        code === undefined ? [] : [[code, 'odd']],
      );
    };
    // Node copies a component, of up to 64 MiB, before it verifies and before it sends it to the compiler.
    await endure(load, attack, 100);
    // What holds up the thread for long does so every time; one time in several, the other work of the machine does not.
    const mayTakeMs = 2_000;
    for (let more = 0; more < 5 && Math.min(...heldUpMs) >= mayTakeMs; more += 1) await attack();
    expect(Math.min(...heldUpMs)).toBeLessThan(mayTakeMs);
  });
});
