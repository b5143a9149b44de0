import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { validate } from '@cfworker/json-schema';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdminGateway, type AdminRequestOptions, openAdminGateway } from '../../../test/fixtures/admin-gateway.ts';
import { jsGuest } from '../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../test/fixtures/guest-descriptor.ts';

/** Blocks what contains `bad`, traps for `trap`, and lets everything else pass. */
const script = `
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(_, { val: { arguments: text } }) {
    if (text.includes('trap')) throw new Error('trap');
    if (text.includes('bad')) return { tag: 'block', val: { code: 'BAD', reason: 'a secret text', description: '' } };
    return { tag: 'proceed' };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

interface Example extends AdminRequestOptions {
  /** What stands for the parts of the path in braces. */
  readonly parts?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** The code of the refusal, where this gateway refuses it. */
  readonly refused?: string;
}

const opened = new AsyncDisposableStack();
let gateway: AdminGateway;
let client: Client;
// biome-ignore lint/suspicious/noExplicitAny: a document that is looked into
let document: any;

beforeAll(async () => {
  const bytes = await jsGuest(guestDescriptor('guard', { author: 'Acme', tags: ['safety'] }), script);
  const plugins = [{ id: 'guard', bytes, breaker: { failures: 2, open_ms: 3_600_000 } }];
  gateway = opened.use(await openAdminGateway({ admin: { allow_weaker_modes: true } }, plugins));
  document = await read('/admin/openapi.json');
  client = new Client({ name: 'test', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`)));
});
afterAll(async () => {
  await client.close();
  await opened.disposeAsync();
});

const echo = (text: string) => client.callTool({ name: 'echo', arguments: { text } }).catch(error => error);
const read = async (path: string) => (await gateway.call('GET', path)).body;

/** Returns the handle of each session. */
const handles = async (): Promise<readonly string[]> =>
  (await read('/admin/sessions')).sessions.map(({ handle }: { handle: string }) => handle);

/** Begins a session, and returns its handle. */
async function newSession(): Promise<string> {
  const before = new Set(await handles());
  await new Client({ name: 'other', version: '1' }).connect(
    new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`)),
  );
  return (await handles()).find(handle => !before.has(handle)) ?? '';
}

/** Returns where a value differs from a schema of the description. */
function problemsOf(schema: string, value: unknown): readonly string[] {
  const { components } = document;
  const { errors } = validate(value, { $ref: `#/components/schemas/${schema}`, components }, '2020-12');
  return errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
}

describe('the description of the management API [ADM-110]', () => {
  it('is valid OpenAPI', async () => {
    expect(await new Validator().validate(document)).toMatchObject({ valid: true });
  });

  const crm = { http: { url: 'https://crm.example.com/mcp' }, required: false };
  /** What each operation is called with, by its id. */
  const examples: Readonly<Record<string, () => Example | Promise<Example>>> = {
    getPlugin: () => ({ parts: { plugin: 'guard' } }),
    resetPlugin: () => ({ parts: { plugin: 'guard' } }),
    reload: () => ({ body: { dry_run: true }, refused: 'reload_unavailable' }),
    enablePlugin: () => ({ parts: { plugin: 'guard' } }),
    disablePlugin: () => ({ parts: { plugin: 'guard' }, query: '?dry_run=true' }),
    setPluginMode: () => ({ parts: { plugin: 'guard' }, body: { mode: 'enforce' } }),
    reloadPlugin: () => ({ parts: { plugin: 'guard' } }),
    registerUpstream: () => ({ body: { id: 'crm', ...crm } }),
    getUpstream: () => ({ parts: { id: 'crm' } }),
    updateUpstream: () => ({ parts: { id: 'crm' }, body: { ...crm, idle_ms: 60_000 } }),
    unregisterUpstream: () => ({ parts: { id: 'crm' } }),
    registerBinding: () => ({ body: { id: 'sales', upstreams: ['upstream'] } }),
    getBinding: () => ({ parts: { id: 'sales' } }),
    updateBinding: () => ({ parts: { id: 'sales' }, body: { upstreams: ['upstream'], transforms: ['guard'] } }),
    unregisterBinding: () => ({ parts: { id: 'sales' } }),
    endSession: async () => ({ parts: { session: await newSession() } }),
  };

  it('describes each answer of a running gateway, and each refusal', async () => {
    await echo('a');
    await echo('bad');
    const paths = Object.entries<Record<string, { readonly operationId: string }>>(document.paths);
    for (const [template, methods] of paths) {
      for (const [method, { operationId }] of Object.entries(methods)) {
        const needsExample = method !== 'get' || template.includes('{');
        const example = await examples[operationId]?.();
        if (needsExample && example === undefined) throw new Error(`this test has no call of ${operationId}`);
        const { parts = {}, query = '', refused: code, ...options } = example ?? {};
        const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ''));
        const name = `${operationId.charAt(0).toUpperCase()}${operationId.slice(1)}`;
        const refused = await gateway.call(method.toUpperCase(), path, { ...options, token: undefined });
        expect([operationId, refused.status, problemsOf('Refusal', refused.body)]).toEqual([operationId, 401, []]);
        const { status, body } = await gateway.call(method.toUpperCase(), path + query, options);
        if (code !== undefined) {
          expect([operationId, body.error.code, problemsOf('Refusal', body)]).toEqual([operationId, code, []]);
          continue;
        }
        expect([operationId, status, problemsOf(`${name}Answer`, body)]).toEqual([operationId, 200, []]);
      }
    }
  });
});

describe('what an operator reads of a plugin [ADM-111]', () => {
  it('is where it is from, what it may do, and what it did, without what was in its calls', async () => {
    await gateway.call('POST', '/admin/plugins/guard/reset');
    await echo('fine');
    await echo('bad');
    const plugin = await read('/admin/plugins/guard');
    expect(plugin).toMatchObject({
      ...{ id: 'guard', version: '0.1.0', kind: 'transform', mode: 'enforce', author: 'Acme', tags: ['safety'] },
      ...{ bindings: ['main'], isolation: 'pooled', granted: [], refused: [], health: { state: 'active' } },
      provenance: {
        reference: expect.stringMatching(/guard\.wasm$/),
        digest: expect.stringMatching(/^sha256:/),
        signer: { by: 'source', key: expect.stringMatching(/^[0-9a-f]{64}$/) },
        verified: expect.stringMatching(/pinned in its source/),
      },
      asked: { hooks: ['tool_pre_invoke', 'tool_post_invoke'], capabilities: [] },
      limits: { timeout_ms: 20_000 },
    });
    expect(plugin.stats).toMatchObject({ calls: 3, violations: { BAD: 1 }, errors: {} });
    const [latest, ...earlier] = plugin.recent;
    expect(latest).toMatchObject({ hook: 'tool_pre_invoke', outcome: 'block', code: 'BAD', binding: 'main' });
    expect(earlier.map(({ hook }: { hook: string }) => hook)).toEqual(
      expect.arrayContaining(['tool_pre_invoke', 'tool_post_invoke']),
    );
    expect(JSON.stringify(plugin)).not.toContain('a secret text');
  });

  it('counts from zero after a reset, which calls a plugin again that was held back; metrics go on', async () => {
    const held = async () => (await read('/admin/plugins/guard')).health.state;
    for (const text of ['trap', 'trap']) await echo(text);
    expect(await held()).toBe('held_back');
    expect((await read('/admin/plugins/guard')).health.cause).toBe('trap');
    const { body } = await gateway.call('POST', '/admin/plugins/guard/reset');
    expect(body).toMatchObject({ calls: 0, errors: {}, violations: {}, hooks: [] });
    expect(await held()).toBe('active');
    const change = gateway.audited().findLast(({ event }) => event === 'admin.change');
    expect(change).toMatchObject({
      subject: 'admin',
      details: {
        operation: 'resetPlugin',
        target: { plugin: 'guard' },
        before: { state: 'held_back' },
        result: 'done',
      },
    });
    expect(await echo('again')).toMatchObject({ content: [{ text: 'again' }] });
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/plugin_errors_total\{plugin="guard",cause="trap"\} 2/);
  });
});

describe('what an operator reads of a plugin that was removed [ADM-111]', () => {
  it('is nothing of what it did before, when it is back', async () => {
    await echo('bad');
    await gateway.call('POST', '/admin/plugins/guard/reset');
    const { since } = (await read('/admin/plugins/guard')).stats;
    const { plugins, bindings } = gateway.host.config;
    const without = bindings.map(binding => ({ ...binding, transforms: [] }));
    await gateway.host.reload(config => ({ ...config, plugins: [], bindings: without }));
    const metrics = async () => (await fetch(`${gateway.url}/metrics`)).text();
    await expect.poll(metrics).not.toContain('plugin="guard"');
    await gateway.host.reload(config => ({ ...config, plugins, bindings }));
    const { recent, stats } = await read('/admin/plugins/guard');
    expect(recent).toEqual([]);
    expect(stats.since < since).toBe(true);
  });
});

describe('the mode of a plugin [ADM-114]', () => {
  const mode = async () => (await read('/admin/plugins/guard')).mode;
  const change = (method: string, path: string, body?: object) =>
    gateway.call(method, `/admin/plugins/guard/${path}`, body && { body });

  it('changes for requests that begin later, survives a restart, and is recorded', async () => {
    expect(await change('PUT', 'mode', { mode: 'permissive' })).toMatchObject({
      status: 200,
      body: { dry_run: false, changes: [expect.stringMatching(/guard: mode enforce → permissive/)] },
    });
    expect(await echo('bad')).toMatchObject({ content: [{ text: 'bad' }] });
    const change1 = gateway.audited().findLast(({ event }) => event === 'admin.change');
    expect(change1).toMatchObject({
      details: {
        operation: 'setPluginMode',
        before: { mode: 'enforce' },
        after: { mode: 'permissive' },
        result: 'done',
      },
    });
    const stored = JSON.parse(await readFile(join(gateway.folder, 'registered.json'), 'utf8'));
    expect(stored.plugins).toEqual({ guard: { mode: 'permissive' } });
    expect(await change('POST', 'enable')).toMatchObject({ status: 200 });
    expect(await change('POST', 'reload')).toMatchObject({ status: 200 });
    const logged = gateway.lines().filter(({ msg }) => msg === 'configuration reloaded');
    const about = { triggers: ['admin'], subject: 'admin' };
    expect(logged.slice(-3)).toMatchObject([about, about, { ...about, changes: [] }]);
    expect(await mode()).toBe('enforce');
    expect(await echo('bad')).not.toMatchObject({ content: [{ text: 'bad' }] });
  });

  it('is not changed by a dry run', async () => {
    const { body } = await change('POST', 'disable?dry_run=true');
    expect(body).toMatchObject({ dry_run: true, changes: [expect.stringMatching(/enforce → disabled/)] });
    expect(await mode()).toBe('enforce');
  });

  it('disabled while a call is in the plugin lets the call finish with it', async () => {
    const slow = client.callTool({ name: 'slow', arguments: { ms: 2_000 } });
    const runs = ({ sessions }: { sessions: { running: number }[] }) => sessions.some(({ running }) => running > 0);
    await expect.poll(async () => runs(await read('/admin/sessions'))).toBe(true);
    expect(await change('POST', 'disable')).toMatchObject({ status: 200 });
    expect(await read('/admin/plugins/guard')).toMatchObject({
      mode: 'disabled',
      health: { state: 'disabled', cause: 'mode' },
    });
    expect(await slow).toMatchObject({ content: [{ text: 'slow' }] });
    await expect
      .poll(async () => (await read('/admin/plugins/guard')).recent[0])
      .toMatchObject({ hook: 'tool_post_invoke' });
    expect(await echo('bad')).toMatchObject({ content: [{ text: 'bad' }] });
    expect(await change('POST', 'enable')).toMatchObject({ status: 200 });
    expect(await mode()).toBe('enforce');
  });

  it('changed twice at once ends as the later change says, and both are made', async () => {
    const modes = ['shadow', 'permissive', 'enforce', 'shadow'];
    const answers = await Promise.all(modes.map(each => change('PUT', 'mode', { mode: each })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const generations = answers.map(({ body }) => body.generation);
    expect(new Set(generations).size).toBe(4);
    const last = generations.indexOf(Math.max(...generations));
    expect(await mode()).toBe(modes[last]);
    await change('POST', 'enable');
  });

  it.each<[what: string, path: string, body: object | string, status: number, code: string]>([
    ['an unknown mode', 'guard/mode', { mode: 'off' }, 400, 'admin_input_invalid'],
    ['an unknown member', 'guard/mode', { mode: 'enforce', more: 1 }, 400, 'admin_input_invalid'],
    ['no body', 'guard/mode', '', 400, 'admin_input_invalid'],
    ['a body that is no JSON', 'guard/mode', '{', 400, 'json_malformed'],
    ['a body that is nested too deeply', 'guard/mode', '['.repeat(10_000), 400, 'json_excessive'],
    ['a plugin that is not there', 'nothing/mode', { mode: 'enforce' }, 404, 'admin_target_unknown'],
  ])('is refused with %s', async (_, path, body, status, code) => {
    const answer = await gateway.call('PUT', `/admin/plugins/${path}`, { body });
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(await mode()).toBe('enforce');
  });
});

describe('what an operator reads of callers [ADM-112]', () => {
  it('names sessions by handles that open none, in pages, and ends them', async () => {
    const { sessions, total } = await read('/admin/sessions?limit=1');
    expect(total).toBeGreaterThanOrEqual(1);
    const [{ handle }] = sessions;
    expect(sessions).toEqual([expect.objectContaining({ binding: 'main', scheme: 'anonymous', running: 0 })]);
    const response = await fetch(`${gateway.url}/mcp`, { method: 'DELETE', headers: { 'mcp-session-id': handle } });
    expect(response.status).toBe(404);
    await newSession();
    const all = await handles();
    const pages: string[] = [];
    for (let next: string | undefined = ''; next !== undefined; ) {
      const page = await read(`/admin/sessions?limit=1${next && `&after=${next}`}`);
      pages.push(...page.sessions.map((each: { handle: string }) => each.handle));
      next = page.next;
    }
    expect(pages).toEqual(all);
    for (const each of all)
      expect(await gateway.call('DELETE', `/admin/sessions/${each}`)).toMatchObject({ status: 200 });
    expect(await read('/admin/sessions')).toEqual({ sessions: [], total: 0 });
    expect(await gateway.call('DELETE', `/admin/sessions/${handle}`)).toMatchObject({ status: 404 });
    await expect(client.callTool({ name: 'echo', arguments: {} })).rejects.toThrow();
  });

  it('lists who called, and when', async () => {
    const { principals } = await read('/admin/principals');
    expect(principals).toEqual([
      { scheme: 'anonymous', last_seen: expect.any(String), requests: expect.any(Number), running: expect.any(Number) },
    ]);
  });

  it.each([
    ['limit=0', 'query.limit'],
    ['limit=x', 'query.limit'],
    ['limit=5000', 'query.limit'],
    ['limit=1&other=1', 'query.other'],
  ])('refuses ?%s', async (query, path) => {
    const { status, body } = await gateway.call('GET', `/admin/sessions?${query}`);
    expect([status, body.problems.map((each: { path: string }) => each.path)]).toEqual([400, [path]]);
  });
});

describe('what an operator reads of the gateway [ADM-113]', () => {
  it('is its configuration without secrets, its upstreams and its bindings', async () => {
    const config = await read('/admin/config');
    expect(config).toMatchObject({ admin: { token: 'admin-token' }, secrets: [{ name: 'admin-token' }] });
    // Every name is one of the configuration's schema: nothing that the gateway notes about an entry.
    expect(config.plugins[0]).not.toHaveProperty('isPriorityStated');
    expect(Object.keys(config.plugins[0])).toEqual(expect.arrayContaining(['id', 'source', 'mode', 'priority']));
    expect(JSON.stringify(config)).not.toMatch(/"[a-z]+[A-Z][A-Za-z]*":/);
    expect(await read('/admin/upstreams')).toMatchObject({
      upstreams: [{ id: 'upstream', kind: 'http', reachable: true, bindings: ['main'], server: { name: 'http' } }],
    });
    expect(await read('/admin/bindings')).toMatchObject({
      bindings: [{ id: 'main', default: true, upstreams: ['upstream'], transforms: ['guard'], tool_search: false }],
    });
  });

  it.each(['nothing', 'a%2Fb', '..', '%2e%2e', 'guard%00', 'Guard', '__proto__', 'constructor'])(
    'knows no plugin %s',
    async id => {
      const { status, body } = await gateway.call('GET', `/admin/plugins/${id}`);
      expect([status, body.error.code]).toEqual([404, 'admin_target_unknown']);
    },
  );
});
