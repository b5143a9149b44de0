import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { isolationLevels } from '../fixtures/isolation-levels.ts';
import { openServingHost } from '../fixtures/open-host.ts';
import { openStrings, puppet } from '../fixtures/puppet.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

const values = {
  ALL: 'the-value-of-all-others',
  ONE: 'the-value-of-one-alone',
  TWO: 'the-value-of-two-alone',
  OWN: 'a-value-that-only-one-has',
};
const tenants = ['one', 'two', 'three'] as const;
const ownValue = { one: values.ONE, two: values.TWO, three: values.ALL };

const imports = `
import * as secrets from 'sallyport:plugin/secret-store@0.1.0';
import * as kv from 'sallyport:plugin/kv-store@0.1.0';`;
/** Values are reversed, because the gateway masks those that it knows. */
const functions = `
  read: name => backwards(keep(secrets.get(name))),
  recall: () => backwards([...kept].join(' ')),
  started: () => backwards(atStart),
  store: name => kv.set('kept', new TextEncoder().encode(secrets.get(name))),
  stored: () => backwards(new TextDecoder().decode(kv.get('kept') ?? new Uint8Array())),
  reference: name => secrets.reference(name)`;
const remembering = (script: string) =>
  `${script}
const kept = new Set();
const keep = value => { kept.add(value); return value; };
const backwards = text => [...text].reverse().join('');
let atStart = '';`.replace('configure() {}', "configure() { try { atStart = keep(secrets.get('token')); } catch {} }");
const backwards = (text: string) => [...text].reverse().join('');

const hooks = { hooks: ['tool_pre_invoke'] } as const;
const readers = () =>
  jsGuest(
    guestDescriptor('reads', { ...hooks, required_capabilities: ['secret_store', 'kv_store'] }),
    remembering(puppet('reads', imports, functions)),
  );
const senders = () =>
  jsGuest(
    guestDescriptor('sends', { ...hooks, required_capabilities: ['secret_store', 'kv_store', 'outbound_http'] }),
    remembering(
      puppet(
        'sends',
        `${imports}\nimport { send } from 'sallyport:plugin/outbound-http@0.1.0';`,
        `${functions}, send: (url, key) => send({ method: 'GET', url, headers: [['x-key', key]] }).status`,
      ),
    ),
  );

// Not inline, where a plugin that asks for secrets is refused.
const waiting = isolationLevels.filter(({ isolation }) => isolation !== 'inline').map(({ isolation }) => isolation);

describe.each(waiting)('a plugin that is after the secrets of another tenant, %s', isolation => {
  const opened = new AsyncDisposableStack();
  let host: Awaited<ReturnType<typeof openServingHost>>;
  let origin = '';
  const seen: (readonly [url: string, key: unknown])[] = [];

  beforeAll(async () => {
    Object.assign(process.env, values);
    const upstream = opened.use(await startRawHttpServer({}));
    const server = createServer((request, response) => {
      seen.push([request.url ?? '', request.headers['x-key']]);
      response.end('fine');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    opened.defer(() => void server.close());
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const grants = {
      secret_store: { names: ['token', 'own'], references: [{ name: 'token', origins: [origin], headers: ['x-key'] }] },
      kv_store: {},
    };
    const outbound_http = { allow: [origin], allow_private: ['127.0.0.1/32'] };
    host = opened.use(
      await openServingHost(
        [
          { id: 'reads', bytes: await readers(), isolation, grants },
          { id: 'sends', bytes: await senders(), isolation, grants: { ...grants, outbound_http } },
        ],
        upstream.url,
        {
          identity: {
            schemes: [
              { id: 'ingress', proxy: { from: ['127.0.0.1/32'], headers: { subject: 'x-user', tenant: 'x-tenant' } } },
            ],
          },
          bindings: [{ id: 'main', upstreams: ['upstream'], allow: [{}], transforms: ['reads', 'sends'] }],
          secrets: [
            { name: 'token', env: 'ALL' },
            { name: 'own', per_tenant: true },
          ],
          tenants: [
            {
              id: 'one',
              secrets: [
                { name: 'token', env: 'ONE' },
                { name: 'own', env: 'OWN' },
              ],
            },
            { id: 'two', secrets: [{ name: 'token', env: 'TWO' }] },
          ],
        },
      ),
    );
  });
  afterAll(() => opened.disposeAsync());

  const openClients = async (stack: AsyncDisposableStack) =>
    Object.fromEntries(
      await Promise.all(
        tenants.map(async tenant => {
          const headers = { 'x-user': 'ada', 'x-tenant': tenant };
          return [tenant, stack.use(await openStrings(`${host.url}/mcp`, headers))] as const;
        }),
      ),
    ) as Record<(typeof tenants)[number], Awaited<ReturnType<typeof openStrings>>>;

  it.each(['reads', 'sends'])('[CAP-121] reads the value of its caller alone, and remembers no other: %s', async id => {
    await using stack = new AsyncDisposableStack();
    const clients = await openClients(stack);
    for (const round of [1, 2, 3]) {
      for (const tenant of tenants) {
        const own = backwards(ownValue[tenant]);
        const [read, started, recalled] = (await clients[tenant].pull(id, [
          ['read', 'token'],
          ['started'],
          ['recall'],
        ])) as string[];
        expect({ round, tenant, read, started, recalled }).toEqual({
          round,
          tenant,
          read: own,
          started: own,
          recalled: own,
        });
      }
    }
    const denied = { error: { tag: 'denied', val: expect.any(String) } };
    const unavailable = { error: { tag: 'unavailable', val: expect.any(String) } };
    expect(await clients.one.pull(id, [['read', 'own']])).toEqual([backwards(values.OWN)]);
    for (const tenant of ['two', 'three'] as const) {
      const tries = ['own', 'token@one', '=one', 'one/token', 'one'].map(name => ['read', name] as const);
      expect(await clients[tenant].pull(id, tries)).toEqual([unavailable, denied, denied, denied, denied]);
      expect(await clients[tenant].pull(id, [['recall']])).toEqual([backwards(ownValue[tenant])]);
    }
  });

  it('[CAP-121] stores it for its caller alone', async () => {
    await using stack = new AsyncDisposableStack();
    const clients = await openClients(stack);
    await clients.one.pull('reads', [['store', 'token']]);
    expect(await clients.two.pull('reads', [['stored']])).toEqual(['']);
    expect(await clients.one.pull('reads', [['stored']])).toEqual([backwards(values.ONE)]);
  });

  it('[CAP-121] sends that of its caller, whichever placeholder it uses', async () => {
    await using stack = new AsyncDisposableStack();
    const clients = await openClients(stack);
    const [placeholder] = (await clients.one.pull('sends', [['reference', 'token']])) as string[];
    expect(placeholder).toMatch(/^sallyport-secret-/);
    seen.length = 0;
    for (const tenant of tenants) {
      expect(await clients[tenant].pull('sends', [['send', `${origin}/${tenant}`, placeholder]])).toEqual([200]);
    }
    expect(seen).toEqual(tenants.map(tenant => [`/${tenant}`, ownValue[tenant]]));
  });

  it('[CAP-121] puts none of them into the log', async () => {
    const text = JSON.stringify(host.lines);
    for (const value of Object.values(values)) expect(text).not.toContain(value);
  });
});
