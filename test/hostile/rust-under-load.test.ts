import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHonestLoad } from '../fixtures/honest-load.ts';
import { isolationLevels } from '../fixtures/isolation-levels.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { rustGuests } from '../fixtures/rust-guest.ts';
import { endure } from '../fixtures/siege.ts';
import { isMissing, itWith } from '../prerequisite.ts';

const itWithRust = itWith('wasm-ld-22');

const attacks = {
  timeout: ['loop', 'work', 'log'],
  trap: ['dive'],
  // The words of the panic alone fill the memory.
  limit: ['hog', 'panic', 'state', 'result', 'blocks', 'reason'],
};
const rows = Object.entries(attacks).flatMap(([cause, names]) => names.map(attack => ({ attack, cause })));

describe.each(isolationLevels)(
  'under attack by a plugin in Rust, honest clients, $isolation',
  ({ isolation, limits: fuel, floorMs }) => {
    const opened = new AsyncDisposableStack();
    const attackers = new Map<string, Client>();
    let load: Awaited<ReturnType<typeof openHonestLoad>>;

    beforeAll(async () => {
      if (isMissing('wasm-ld-22')) return;
      const upstream = opened.use(await startRawHttpServer({ name: 'upstream' }));
      const example = join(import.meta.dirname, '../../plugins-examples/redact-emails/redact-emails.js');
      const honest = await jsGuest(
        guestDescriptor('redact', { hooks: ['tool_post_invoke'] }),
        await readFile(example, 'utf8'),
      );
      const hooks = { hooks: ['tool_pre_invoke'] };
      const guests = await rustGuests('rust-attacker', [
        guestDescriptor('small', hooks),
        guestDescriptor('large', hooks),
      ]);
      // The second has memory and time enough to do its worst. Inline, both have the same fuel.
      const limits: Readonly<Record<string, object>> = {
        small: { timeout_ms: 200, memory_mib: 16, ...fuel },
        large: { timeout_ms: 30_000, memory_mib: 160, ...fuel },
      };
      const plugins = [
        { id: 'redact', bytes: honest, limits: { timeout_ms: 30_000 } },
        ...guests.map(guest => ({ ...guest, isolation, limits: limits[guest.id], breaker: { failures: 1_000_000 } })),
      ];
      const bindings = [
        { id: 'honest', upstreams: ['upstream'], transforms: ['redact'] },
        ...guests.map(({ id }) => ({ id, upstreams: ['upstream'], transforms: [id] })),
      ];
      const gateway = opened.use(
        await openHost(plugins, upstream.url, {
          bindings,
          allowInline: true,
          limits: { lanes: 2 },
          log: { level: 'warn' },
        }),
      );
      for (const { id } of guests) {
        const client = new Client({ name: 'attacker', version: '1.0.0' });
        await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp/${id}`)));
        attackers.set(
          id,
          opened.adopt(client, each => each.close()),
        );
      }
      load = opened.use(await openHonestLoad(`${gateway.url}/mcp/honest`, 4));
      await load.run(500);
    }, 600_000);
    afterAll(() => opened.disposeAsync());

    itWithRust.each(rows)('[SBX-72] lose nothing to $attack', async ({ attack, cause }) => {
      const by = cause === 'timeout' ? 'small' : 'large';
      // Fuel ends inline what a deadline ends in a lane.
      const expected = isolation === 'inline' && cause === 'timeout' ? 'limit' : cause;
      await endure(
        load,
        async () => {
          const failed = attackers.get(by)?.callTool({ name: 'echo', arguments: { attack } });
          await expect(failed).rejects.toMatchObject({
            data: { code: 'plugin_failed', plugin: by, details: { cause: expected } },
          });
          // A core that a guest uses up for so long is lost to all: what is asked is that it comes back.
          await delay(cause === 'timeout' ? 400 : 100);
        },
        floorMs,
      );
    });
  },
);
