import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inlineFuel } from '../../host/src/runtime/limits.ts';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { isolationLevels } from '../fixtures/isolation-levels.ts';
import { openBesieged } from '../fixtures/open-besieged.ts';
import { puppet } from '../fixtures/puppet.ts';
import { openGuests } from '../fixtures/sandboxed.ts';
import { endure } from '../fixtures/siege.ts';

const token = 'the-token-that-nobody-sees';
const word = 'the-word-of-another-plugin';

const asksImports = `import * as secrets from 'sallyport:plugin/secret-store@0.1.0';`;
const secretImports = `
import * as secrets from 'sallyport:plugin/secret-store@0.1.0';
import { send } from 'sallyport:plugin/outbound-http@0.1.0';
import { getShared, setShared } from 'sallyport:plugin/context@0.1.0';`;
/** `{name}` in what is sent becomes the placeholder of a secret, `{shared}` what another plugin has shared. */
const secretFunctions = `
  get: secrets.get,
  reference: secrets.reference,
  share: name => setShared('it', secrets.reference(name)),
  shared: () => getShared('it'),
  send: (url, headers = [], text = '') => {
    const filled = text => text.replace(/\\{(b64:)?(\\w+)\\}/g, (_, how, name) => {
      const it = name === 'shared' ? getShared('it') : secrets.reference(name);
      return how ? btoa('user:' + it) : it;
    });
    const answer = send({
      method: 'POST',
      url: filled(url),
      headers: headers.map(([name, value]) => [filled(name), filled(value)]),
      body: bytes(filled(text)),
    });
    return url.endsWith('/echo') ? String.fromCharCode(...answer.body) : answer.status;
  }`;

const denied = (says: string) => ({ error: { tag: 'denied', val: expect.stringContaining(says) } });

/** A folder with the secrets, each in a file. */
function writeSecrets(opened: AsyncDisposableStack) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-secrets-'));
  opened.defer(() => rmSync(folder, { recursive: true }));
  for (const [name, value] of Object.entries({ token, word })) writeFileSync(join(folder, name), value);
  return ['token', 'word'].map(name => ({ name, file: join(folder, name) }));
}

const hooks = { hooks: ['tool_pre_invoke'] } as const;
const usingSecrets = { ...hooks, required_capabilities: ['outbound_http', 'secret_store'] };

// Not inline, where nothing waits for the gateway's answer. The last case shows that it is refused there.
const waiting = isolationLevels.filter(({ isolation }) => isolation !== 'inline');

describe.each(waiting)('while a plugin asks for values of secrets, $isolation', level => {
  const opened = new AsyncDisposableStack();
  let besieged: Awaited<ReturnType<typeof openBesieged>>;

  beforeAll(async () => {
    const functions = 'get: secrets.get, reference: secrets.reference';
    const descriptor = guestDescriptor('asks', { ...hooks, required_capabilities: ['secret_store'] });
    const bytes = await jsGuest(descriptor, puppet('asks', asksImports, functions));
    const { isolation, limits } = level;
    besieged = opened.use(
      await openBesieged({
        guests: { asks: { bytes, isolation, limits, grants: { secret_store: { names: ['word'] } } } },
        bindings: { asks: { plugins: ['asks'] } },
        secrets: writeSecrets(opened),
      }),
    );
  });
  afterAll(() => opened.disposeAsync());

  it('[CAP-85] it gets what it was granted, and every other name is refused and counted', async () => {
    await using strings = await besieged.strings('asks');
    const asked = [
      ['get', 'token', 'not among the names'],
      ['get', '__proto__', 'not among the names'],
      ['get', 'word\0', 'not among the names'],
      ['get', '', 'not among the names'],
      ['reference', 'word', 'not among the references'],
      ['reference', 'constructor', 'not among the references'],
    ] as const;
    const counted = await besieged.refusals('asks', 'secret_store');
    let due = 0;
    await endure(
      besieged.load,
      async () => {
        const tasks = asked.map(([how, name]) => [how, name] as const);
        expect(await strings.pull('asks', tasks)).toEqual(asked.map(([, , says]) => denied(says)));
        due += asked.length;
        // What reaches the client of a secret's value is its mask.
        expect(await strings.pull('asks', [['get', 'word']])).toEqual(['***']);
      },
      level.floorMs,
    );
    expect((await besieged.refusals('asks', 'secret_store')) - counted).toBe(due);
    expect(JSON.stringify(besieged.lines)).not.toContain(word);
  });
});

describe.each(waiting)(
  'while a plugin is after the secrets of another, $isolation',
  ({ isolation, limits, floorMs }) => {
    const opened = new AsyncDisposableStack();
    let besieged: Awaited<ReturnType<typeof openBesieged>>;
    let listed = '';
    let other = '';
    /** All that reached a server, by the path that was asked for. */
    const seen: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];
    const server = createServer(async (request, response) => {
      const { url = '', headers } = request;
      seen.push({ path: url, headers, body: (await request.toArray()).join('') });
      if (url.startsWith('/away')) return void response.writeHead(307, { location: `${other}/landed` }).end();
      response.end(url === '/echo' ? JSON.stringify(headers) : 'fine');
    });
    const listening = async (each: Server, host: string, port = 0) => {
      await new Promise<void>(resolve => each.listen(port, host, resolve));
      opened.defer(() => {
        each.closeAllConnections();
        each.close();
      });
      return `http://${host}:${(each.address() as AddressInfo).port}`;
    };

    beforeAll(async () => {
      listed = await listening(server, '127.0.0.1');
      const elsewhere = createServer((request, response) => void server.emit('request', request, response));
      other = await listening(elsewhere, '127.0.0.2');
      const outbound_http = {
        allow: [listed, other],
        allow_private: ['127.0.0.1/32', '127.0.0.2/32'],
        methods: ['POST'],
        requests_per_minute: 1_000_000,
        timeout_ms: 5000,
      };
      const guests = { owner: 'token', thief: 'word' };
      const made = Object.entries(guests).map(async ([id, name]) => {
        const bytes = await jsGuest(guestDescriptor(id, usingSecrets), puppet(id, secretImports, secretFunctions));
        const secret_store = { references: [{ name, origins: [listed], headers: ['authorization', 'x-key'] }] };
        return [id, { bytes, isolation, limits, grants: { outbound_http, secret_store } }] as const;
      });
      besieged = opened.use(
        await openBesieged({
          guests: Object.fromEntries(await Promise.all(made)),
          bindings: { owner: { plugins: ['owner'] }, 'both-secrets': { plugins: ['owner', 'thief'] } },
          secrets: writeSecrets(opened),
        }),
      );
    });
    afterAll(() => opened.disposeAsync());

    it('[CAP-85] nobody gets hold of a secret that is used by reference', async () => {
      await using strings = await besieged.strings('owner');
      const placeholder = /sallyport-secret-[\w-]{32}/;
      const tries: readonly [what: string, task: readonly [string, ...unknown[]], said: unknown][] = [
        ['its value', ['get', 'token'], denied('not among the names')],
        ['the secret of another plugin', ['reference', 'word'], denied('not among the references')],
        ['a secret that does not exist', ['reference', '__proto__'], denied('not among the references')],
        [
          'an origin that is not listed',
          ['send', `${other}/x`, [['authorization', '{token}']]],
          denied('may not be sent to'),
        ],
        [
          'a header that is not listed',
          ['send', `${listed}/x`, [['x-other', '{token}']]],
          denied('may not be sent in'),
        ],
        [
          'one header more',
          [
            'send',
            `${listed}/x`,
            [
              ['x-key', '{token}'],
              ['accept', '{token}'],
            ],
          ],
          denied('may not be sent in'),
        ],
        [
          'a placeholder by guess',
          ['send', `${listed}/x`, [['x-key', `sallyport-secret-${'A'.repeat(32)}`]]],
          denied('was not issued'),
        ],
        ['the URL', ['send', `${listed}/url/{token}`], 200],
        ['the query', ['send', `${listed}/query?q={token}`], 200],
        ['the body', ['send', `${listed}/body`, [], 'it is {token}'], 200],
        ['the name of a header', ['send', `${listed}/name`, [['{token}', 'x']]], 200],
        ['a placeholder in disguise', ['send', `${listed}/disguise`, [['authorization', 'Basic {b64:token}']]], 200],
        ['a redirect to elsewhere', ['send', `${listed}/away`, [['authorization', 'Bearer {token}']]], 200],
        [
          'where it belongs',
          [
            'send',
            `${listed}/right`,
            [
              ['authorization', 'Bearer {token}'],
              ['x-key', '{token}'],
            ],
          ],
          200,
        ],
      ];
      const counted =
        (await besieged.refusals('owner', 'secret_store')) + (await besieged.refusals('owner', 'outbound_http'));
      let due = 0;
      await endure(
        besieged.load,
        async () => {
          for (const [what, task, said] of tries) {
            besieged.audited();
            expect({ what, said: await strings.pull('owner', [task]) }).toEqual({ what, said: [said] });
            const isDenied = said !== 200;
            const event = { event: 'capability.refused', plugin: 'owner' };
            expect({ what, audited: besieged.audited() }).toMatchObject({ what, audited: isDenied ? [event] : [] });
            due += isDenied ? 1 : 0;
          }
        },
        floorMs,
      );
      const now =
        (await besieged.refusals('owner', 'secret_store')) + (await besieged.refusals('owner', 'outbound_http'));
      expect(now - counted).toBe(due);
      const with_ = (path: string) => seen.filter(each => each.path.startsWith(path)).map(each => JSON.stringify(each));
      for (const path of ['/url', '/query', '/body', '/name']) {
        expect(with_(path).length).toBeGreaterThan(0);
        for (const each of with_(path)) expect(each).toMatch(placeholder);
      }
      expect(with_('/x')).toEqual([]);
      // The value arrived where it belongs, and nowhere else.
      expect(new Set(seen.filter(each => JSON.stringify(each).includes(token)).map(each => each.path))).toEqual(
        new Set(['/right', '/away']),
      );
      expect(seen.find(each => each.path === '/right')?.headers).toMatchObject({
        authorization: `Bearer ${token}`,
        'x-key': token,
      });
      expect(JSON.stringify(besieged.lines)).not.toContain(token);
      expect(await besieged.metrics()).not.toContain(token);
    });

    it('[CAP-85] what a server echoes of a secret reaches neither client nor log', async () => {
      await using strings = await besieged.strings('owner');
      await endure(
        besieged.load,
        async () => {
          const said = await strings.pull('owner', [['send', `${listed}/echo`, [['x-key', 'is {token}']]]]);
          expect(said).toEqual([expect.stringContaining('is ***')]);
          expect(JSON.stringify(said)).not.toContain(token);
        },
        floorMs,
      );
      expect(JSON.stringify(besieged.lines)).not.toContain(token);
    });

    it('[CAP-85] the placeholder of one plugin is worth nothing to another', async () => {
      await using strings = await besieged.strings('both-secrets');
      await endure(
        besieged.load,
        async () => {
          besieged.audited();
          const tasks = [['shared'], ['send', `${listed}/theft`, [['authorization', '{shared}']]]] as const;
          const said = await strings.pull('thief', tasks, { owner: [['share', 'token']], silent: 'owner' });
          expect(said).toEqual([expect.stringMatching(/^sallyport-secret-/), denied('was not issued')]);
          expect(besieged.audited()).toMatchObject([{ plugin: 'thief', capability: 'outbound_http' }]);
        },
        floorMs,
      );
      expect(seen.filter(({ path }) => path === '/theft')).toEqual([]);
      expect(JSON.stringify(besieged.lines)).not.toContain(word);
    });
  },
);

const granted = { secret_store: { names: ['word'] } };
const sending = { ...granted, outbound_http: { allow: ['https://api.example.com'] } };

it.each([
  { what: 'asks for the value of a secret', grants: granted, imports: asksImports, functions: 'get: secrets.get' },
  { what: 'sends a secret', grants: sending, imports: secretImports, functions: secretFunctions },
])('[CAP-85] what $what cannot run inline, because it waits', async ({ grants, imports, functions }) => {
  const descriptor = guestDescriptor('waits', { ...hooks, required_capabilities: Object.keys(grants) });
  const bytes = await jsGuest(descriptor, puppet('waits', imports, functions));
  const limits = { fuel: inlineFuel };
  const opening = openGuests([{ bytes, isolation: 'inline', limits, grants }]);
  await expect(opening).rejects.toMatchObject({ faults: [{ code: 'inline_waits' }] });
});
