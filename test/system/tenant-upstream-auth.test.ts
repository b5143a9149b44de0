import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { startGuardedUpstream } from '../fixtures/guarded-upstream.ts';
import { keep } from '../fixtures/keep.ts';
import { call, initialize, mcpHeaders } from '../fixtures/open-gateway.ts';
import { openServingHost } from '../fixtures/open-host.ts';

const values = {
  KEY_OF_ALL: 'the-key-of-all-others',
  KEY_OF_ONE: 'the-key-of-one-alone',
  KEY_OF_TWO: 'the-key-of-two-alone',
};
beforeAll(() => void Object.assign(process.env, values));

const identity = {
  schemes: [{ id: 'ingress', proxy: { from: ['127.0.0.1/32'], headers: { subject: 'x-user', tenant: 'x-tenant' } } }],
};
const tenants = [
  { id: 'one', secrets: [{ name: 'key', env: 'KEY_OF_ONE' }] },
  { id: 'two', secrets: [{ name: 'key', env: 'KEY_OF_TWO' }] },
];
const callers = ['one', 'two', 'three'].flatMap(tenant => ['ada', 'bob'].map(user => ({ tenant, user })));

async function openWith(upstream: object, secret: object) {
  return keep(
    openServingHost([], '', {
      identity,
      tenants,
      secrets: [{ name: 'key', ...secret }],
      upstreams: [{ id: 'upstream', ...upstream }],
      bindings: [{ id: 'main', upstreams: ['upstream'], allow: [{}] }],
    }),
  );
}

interface Answer {
  readonly result: { readonly content: readonly [{ readonly text: string }] };
  readonly error?: { readonly data: unknown };
}

/** Begins a session, calls tools in it, and returns what each returned, or the data of the error. */
async function callTools(url: string, { tenant, user }: (typeof callers)[number], ...tools: string[]) {
  const post = async (message: object, session: object = {}) => {
    const headers = { ...mcpHeaders, 'x-user': user, 'x-tenant': tenant, ...session };
    const response = await fetch(`${url}/mcp`, { method: 'POST', headers, body: JSON.stringify(message) });
    return { response, body: (await response.json()) as Answer };
  };
  const { response, body: begun } = await post(initialize());
  if (begun.error !== undefined) return [begun.error.data];
  const session = { 'mcp-session-id': String(response.headers.get('mcp-session-id')) };
  const answers: unknown[] = [];
  for (const tool of tools) {
    const { body } = await post(call(tool), session);
    answers.push(body.error?.data ?? body.result.content[0].text);
  }
  return answers;
}

async function guarded() {
  const server = await keep(startGuardedUpstream());
  for (const [name, value] of Object.entries(values)) server.users.set(value, name);
  return server;
}

it.each(['per_session', 'shared'])(
  '[UP-91] an upstream gets the static secret of the caller’s tenant: %s',
  async connections => {
    const server = await guarded();
    const host = await openWith(
      { http: { url: server.url }, auth: { static: { secret: 'key' } }, connections },
      { env: 'KEY_OF_ALL' },
    );
    const keys: Record<string, string> = { one: 'KEY_OF_ONE', two: 'KEY_OF_TWO', three: 'KEY_OF_ALL' };
    for (const _round of [1, 2]) {
      const said = await Promise.all(callers.map(caller => callTools(host.url, caller, 'who', 'echo-token')));
      expect(said).toEqual(callers.map(({ tenant }) => [keys[tenant], 'it is ***']));
    }
    const bySession = Map.groupBy(server.received, headers => headers['mcp-session-id']);
    bySession.delete(undefined);
    expect(bySession.size).toBeGreaterThanOrEqual(3);
    for (const requests of bySession.values()) {
      expect(new Set(requests.map(({ authorization }) => authorization)).size).toBe(1);
    }
    for (const value of Object.values(values)) expect(JSON.stringify(host.lines)).not.toContain(value);
  },
);

it('[UP-91] a tenant without a value of its own gets none of another, if there is no value for all', async () => {
  const server = await guarded();
  const host = await openWith({ http: { url: server.url }, auth: { static: { secret: 'key' } } }, { per_tenant: true });
  const said = await Promise.all(callers.map(caller => callTools(host.url, caller, 'who')));
  const refused = expect.objectContaining({ code: 'upstream_auth_failed' });
  expect(said).toEqual(callers.map(({ tenant }) => [{ one: 'KEY_OF_ONE', two: 'KEY_OF_TWO' }[tenant] ?? refused]));
});

it('[UP-91] a child over stdio serves one tenant, with its secret in the environment', async () => {
  const args = [fileURLToPath(new URL('../fixtures/raw-stdio-server.ts', import.meta.url))];
  const host = await openWith(
    { stdio: { command: process.execPath, args }, auth: { static: { secret: 'key' }, env: 'TOKEN' } },
    { env: 'KEY_OF_ALL' },
  );
  const keys: Record<string, string> = { one: values.KEY_OF_ONE, two: values.KEY_OF_TWO, three: values.KEY_OF_ALL };
  for (const caller of callers) {
    const [pid] = await callTools(host.url, caller, 'pid');
    const environment = (await readFile(`/proc/${Number(pid)}/environ`, 'utf8')).split('\0');
    expect(environment).toContain(`TOKEN=${keys[caller.tenant]}`);
  }
});
