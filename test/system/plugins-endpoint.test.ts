import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

/** Traps in before hooks, and blocks in after hooks with the configuration that it got. */
const script = `
let config;
export const lifecycle = { configure(json) { config = json; } };
export const dispatchHooks = {
  beforeDispatch() { throw new Error('trap'); },
  afterDispatch: () => ({ tag: 'block', val: { code: 'CONFIG', reason: config, description: '' } }),
};`;

let guest: Uint8Array;
const opened = new AsyncDisposableStack();
beforeAll(async () => {
  const more = { tags: ['safety'], author: 'Acme', default_config: { label: 'default' } };
  guest = await jsGuest(guestDescriptor('guard', more), script);
});
afterAll(() => opened.disposeAsync());

async function open(settings: object, plugin_settings: object, more: object = {}) {
  const upstream = opened.use(await startRawHttpServer({}));
  return opened.use(
    await openHost([{ id: 'guard', bytes: guest, ...settings }], upstream.url, { plugin_settings, ...more }),
  );
}

it('[GW-94] GET /plugins lists each plugin with its mode, hooks, tags and state, for those who may read the metrics', async () => {
  const settings = { priority: 7, hooks: ['tool_pre_invoke'], on_error: { trap: 'disable' } };
  const host = await open(settings, { enable_plugin_api: true });
  const list = async () => (await fetch(`${host.url}/plugins`)).json();
  const about = {
    ...{ id: 'guard', version: '0.1.0', digest: expect.stringMatching(/^sha256:/), author: 'Acme', tags: ['safety'] },
    ...{ mode: 'enforce', priority: 7, hooks: ['tool_pre_invoke'], granted: [], bindings: ['main'] },
  };
  expect(await list()).toEqual({ plugins: [{ ...about, state: 'active' }] });
  await host.call('echo', { text: 'a' });
  expect(await list()).toEqual({
    plugins: [{ ...about, state: 'disabled', since: expect.stringMatching(/Z$/), cause: 'trap' }],
  });
});

it('[GW-94] is off unless it is enabled, and closed to other machines and pages', async () => {
  const off = await open({}, {});
  expect((await fetch(`${off.url}/plugins`)).status).toBe(404);
  const on = await open({}, { enable_plugin_api: true }, { metrics: { serve: 'nobody' } });
  expect((await fetch(`${on.url}/plugins`)).status).toBe(404);
  const local = await open({}, { enable_plugin_api: true });
  const foreign = await new Promise<string>((resolve, reject) => {
    const asked = request(`${local.url}/plugins`, { headers: { host: 'evil.example.com' } }, response =>
      text(response).then(resolve, reject),
    );
    asked.on('error', reject).end();
  });
  expect(foreign).toContain('path_unknown');
  expect(foreign).not.toContain('guard');
});

it('[HOOK-108] a plugin is called only for the hooks that the operator chose, with tags of the operator', async () => {
  const host = await open({ hooks: ['tool_post_invoke'], tags: ['mine'] }, { enable_plugin_api: true });
  const failed = await host.call('echo', { text: 'a' }).catch(error => String(error));
  expect(JSON.stringify(failed)).toContain('default');
  const line = host.lines.findLast(({ method }) => method === 'tools/call');
  expect(line?.plugins).toMatchObject([{ plugin: 'guard', hook: 'tool_post_invoke', outcome: 'block' }]);
  expect(await (await fetch(`${host.url}/plugins`)).json()).toMatchObject({ plugins: [{ tags: ['mine'] }] });
});

it('[CFG-91] with fail_on_plugin_error: false, a failing plugin is skipped unless it states otherwise', async () => {
  const skipping = await open({ hooks: ['tool_pre_invoke'] }, { fail_on_plugin_error: false });
  expect(await skipping.call('echo', { text: 'a' })).toMatchObject({ content: [{ text: 'a' }] });
  const denying = await open({ hooks: ['tool_pre_invoke'], on_error: 'deny' }, { fail_on_plugin_error: false });
  await expect(denying.call('echo', { text: 'a' })).rejects.toThrow();
});
