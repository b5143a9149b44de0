import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ArrivingRequest, AuthenticatedCaller, Narrowed, Violation } from '../../contract/generated/types.js';
import type { ChainInput, ChainOutput } from '../../contract/hook-call.ts';
import type { HookName } from '../../contract/hook-name.ts';
import { silentLog } from '../../core/log.ts';
import { Receipts } from '../../hook/receipt.ts';
import { authenticatedAs } from '../authenticated-as.ts';
import { peerAddress } from '../client-address.ts';
import { credentialsOf, keepToken } from '../credentials.ts';
import { anonymous, createPrincipal } from '../principal.ts';
import { type CheckingPlugin, PluginChecks } from './authentication-checks.ts';
import { PluginCalls } from './plugin-calls.ts';

type Outcome = 'proceed' | { readonly narrow: Narrowed } | { readonly block: Violation } | 'fail';
type Plugin = (stage: ChainInput['stage'], value: ArrivingRequest | AuthenticatedCaller) => Outcome;

const violation: Violation = { code: 'BLOCKED', reason: 'No.', description: '', details: '{"why":"s3cret"}' };

function open(
  plugins: Readonly<Record<string, Plugin>>,
  checks: readonly CheckingPlugin[],
  hooks?: readonly HookName[],
) {
  const inputs: ChainInput[] = [];
  const run = async (input: ChainInput): Promise<ChainOutput> => {
    inputs.push(input);
    const plugin = input.calls[0]?.plugin ?? '';
    const outcome = plugins[plugin]?.(input.stage, input.value as ArrivingRequest) ?? 'proceed';
    const report = { plugin, wallMs: 1 };
    if (outcome === 'proceed') return { reports: [{ ...report, outcome }] };
    if (outcome === 'fail')
      return { reports: [{ ...report, outcome: 'failed', cause: 'trap', message: 'it crashed' }] };
    if ('block' in outcome) return { reports: [{ ...report, outcome: 'block', violation: outcome.block }] };
    return { reports: [{ ...report, outcome: 'respond' }], identified: outcome.narrow };
  };
  const loaded = Object.keys(plugins).map(id => ({
    ...{ id, version: '1.0.0', digest: 'sha256:0' },
    hooks: new Set<HookName>(hooks ?? ['auth_pre_check', 'auth_post_check']),
  }));
  const calls = new PluginCalls({ plugins: loaded, runner: { run }, log: silentLog() });
  const mask = { value: <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll('s3cret', '[masked]')) };
  return {
    inputs,
    checks: new PluginChecks({
      checks,
      credentialHeaders: ['x-session'],
      calls: () => calls,
      mask,
      addressOf: peerAddress,
    }),
  };
}

function incoming(headers: Record<string, string> = {}): IncomingMessage {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: '203.0.113.9' });
  return Object.assign(new IncomingMessage(socket), { headers, method: 'POST', url: '/mcp/main?token=abc' });
}

const about = { id: 'r', binding: 'main' };
const one = { plugin: 'guard', tenants: [] };
const ada = createPrincipal({ scheme: 'staff', subject: 'ada', scopes: ['b', 'a'], claims: { team: 'x' } });

describe('before authentication, a plugin', () => {
  it('[GW-206] sees method, path, binding, address and scheme of a request, and no credentials', async () => {
    const { checks, inputs } = open({ guard: () => 'proceed' }, [one]);
    const headers = { authorization: 'Bearer abc', cookie: 'abc', 'x-session': 'abc', 'user-agent': 'test' };
    await checks.before(incoming(headers), about);
    expect(inputs[0]).toMatchObject({
      ...{ stage: 'preCheck', context: { requestId: 'r', binding: 'main' } },
      value: { method: 'POST', path: '/mcp/main', binding: 'main', address: '203.0.113.9', authorization: 'bearer' },
    });
    expect(inputs[0]?.caller).toEqual({ headers: { 'user-agent': 'test' } });
    expect(JSON.stringify(inputs[0])).not.toContain('abc');
  });

  it.each([
    ['Bearer abc', 'bearer'],
    ['DPoP abc', 'dpop'],
    ['abc', 'other'],
    ['abc def', 'other'],
    ['Bearer', 'other'],
    ['', 'other'],
  ])('[GW-206] sees of the header %j the scheme %j', async (authorization, scheme) => {
    const { checks, inputs } = open({ guard: () => 'proceed' }, [one]);
    await checks.before(incoming({ authorization }), about);
    expect(inputs[0]?.value).toMatchObject({ authorization: scheme });
  });

  it('[GW-207] can refuse the request, with a reason for the client', async () => {
    const { checks } = open({ guard: () => ({ block: violation }) }, [one]);
    const receipts = new Receipts();
    await expect(checks.before(incoming(), { ...about, call: { receipts } })).rejects.toMatchObject({
      code: 'authentication_blocked',
      details: { plugin: 'guard', violation: { plugin: 'guard', code: 'BLOCKED', details: { why: '[masked]' } } },
    });
    expect(receipts.written).toMatchObject([{ hook: 'auth_pre_check', outcome: 'block' }]);
  });
});

describe('after authentication, a plugin', () => {
  it('[GW-206] sees who was authenticated by which scheme, and claims only by a grant', async () => {
    const { checks, inputs } = open({ guard: () => 'proceed' }, [one]);
    expect(await checks.after(incoming(), about, ada)).toBe(ada);
    expect(inputs[0]).toMatchObject({
      value: { scheme: 'staff', subject: 'ada', scopes: ['a', 'b'], request: { path: '/mcp/main' } },
      caller: { claims: { team: 'x' } },
    });
    expect(await checks.after(incoming(), about, anonymous)).toBe(anonymous);
    expect(inputs[1]?.value).toMatchObject({ scheme: 'anonymous' });
  });

  it('[GW-208] can take scopes away, and give a tenant that the operator allows', async () => {
    const narrow: Plugin = () => ({ narrow: { scopes: ['a'], tenant: 'acme' } });
    const { checks } = open({ guard: narrow }, [{ plugin: 'guard', tenants: ['ac*'] }]);
    const narrowed = await checks.after(incoming(), about, ada);
    expect(narrowed).toEqual({ ...ada, tenant: 'acme', scopes: ['a'] });
    expect(authenticatedAs(narrowed)).toBe(ada);
    expect(await checks.after(incoming(), about, ada)).toBe(narrowed);
  });

  it('[GW-208] takes away for all that follow, and the token of the caller stays what it was', async () => {
    const token = { token: 'of ada' };
    const own = createPrincipal({ scheme: 'staff', subject: 'ada', scopes: ['a', 'b'] });
    keepToken(own, token);
    const plugins: Record<string, Plugin> = {
      first: () => ({ narrow: { scopes: ['a'] } }),
      second: () => ({ narrow: { scopes: ['b'] } }),
    };
    const { checks } = open(plugins, [{ plugin: 'first', tenants: [] }]);
    expect(credentialsOf(await checks.after(incoming(), about, own))).toBe(token);
    const both = open(
      plugins,
      ['first', 'second'].map(plugin => ({ plugin, tenants: [] })),
    );
    await expect(both.checks.after(incoming(), about, own)).rejects.toMatchObject({ code: 'identity_unavailable' });
  });

  const acme = createPrincipal({ scheme: 'staff', subject: 'ada', tenant: 'acme', scopes: ['a'] });
  const wider: [what: string, principal: typeof ada, narrow: Narrowed, tenants: string[]][] = [
    ['another scope', ada, { scopes: ['a', 'admin'] }, []],
    ['a tenant', ada, { tenant: 'acme' }, []],
    ['a tenant that is not allowed', ada, { tenant: 'other' }, ['acme']],
    ['another tenant', acme, { tenant: 'other' }, ['*']],
    ['a tenant for nobody', anonymous, { tenant: 'acme' }, ['*']],
    ['a scope for nobody', anonymous, { scopes: ['a'] }, ['*']],
  ];
  it.each(wider)('[GW-208] cannot give %s', async (_, principal, narrow, tenants) => {
    const { checks } = open({ guard: () => ({ narrow }) }, [{ plugin: 'guard', tenants }]);
    await expect(checks.after(incoming(), about, principal)).rejects.toMatchObject({
      ...{ code: 'identity_unavailable', details: { plugin: 'guard', reason: 'invalid_output' } },
    });
  });
});

describe('plugins around authentication', () => {
  it('[GW-207] refuse the request when they fail or are not loaded', async () => {
    const failing = open({ guard: () => 'fail' }, [one]).checks;
    const missing = open({}, [one]).checks;
    for (const [checks, reason] of [[failing, 'trap'] as const, [missing, 'unavailable'] as const]) {
      const refused = { code: 'identity_unavailable', details: { plugin: 'guard', reason } };
      await expect(checks.before(incoming(), about)).rejects.toMatchObject(refused);
      await expect(checks.after(incoming(), about, ada)).rejects.toMatchObject(refused);
    }
  });

  it('[GW-207] are called only for the hooks that they have', async () => {
    const { checks, inputs } = open({ guard: () => 'fail' }, [one], ['auth_post_check']);
    await checks.before(incoming(), about);
    expect(inputs).toEqual([]);
  });
});
