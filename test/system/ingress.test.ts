import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startFakeIssuer } from '../fixtures/fake-issuer.ts';
import { keep } from '../fixtures/keep.ts';
import { initialize, mcpHeaders } from '../fixtures/open-gateway.ts';
import { openServingHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

/** A gateway behind an ingress at 127.0.0.1, which accepts tokens of an issuer. */
async function open(more: object = {}) {
  const issuer = await keep(startFakeIssuer());
  const server = await keep(startRawHttpServer({}));
  const host = await keep(
    openServingHost([], server.url, {
      trusted_proxies: { from: ['127.0.0.1/32'] },
      identity: { public_url: 'https://mcp.example', schemes: [{ id: 'as', oauth: { issuer: issuer.url } }] },
      bindings: [{ id: 'main', upstreams: ['upstream'], allow: [{}] }],
      ...more,
    }),
  );
  const enter = async (token: string, forwardedFor: string) => {
    const response = await fetch(`${host.url}/mcp`, {
      method: 'POST',
      headers: { ...mcpHeaders, authorization: `Bearer ${token}`, 'x-forwarded-for': forwardedFor },
      body: JSON.stringify(initialize()),
    });
    await response.text();
    return response.status;
  };
  const sign = (subject: string) => issuer.sign({ aud: 'https://mcp.example/mcp', sub: subject });
  return { lines: host.lines, enter, sign };
}

describe('clients behind one ingress', () => {
  it('have a budget of failures each, which none can spend for another [GW-137] [GW-170]', async () => {
    const { enter, sign, lines } = await open();
    const [header, claims] = (await sign('mallory')).split('.');
    const bad = () => `${header}.${claims}.${randomBytes(64).toString('base64url')}`;
    // The attacker writes another client's address before its own, which the ingress appends, and moves in its network.
    const attack = async (count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, index) => enter(bad(), `192.0.2.20, 2001:db8:0:1::${index.toString(16)}`)),
      );
    const statuses = [...(await attack(150)), ...(await attack(150))];
    expect(statuses.filter(status => status === 429).length).toBeGreaterThan(30);
    expect(await enter(await sign('ada'), '192.0.2.20')).toBe(200);
    expect(await enter(await sign('bob'), '2001:db8:0:2::1')).toBe(200);
    expect(await enter(bad(), '192.0.2.20')).toBe(401);
    const addressOf = /^2001:db8:0:1::/;
    const throttled = lines.filter(({ code }) => code === 'authentication_throttled');
    expect(throttled[0]).toMatchObject({ address: expect.stringMatching(addressOf) });
    const audited = lines.filter(({ msg }) => msg === 'audit').map(({ audit }) => audit);
    expect(audited[0]).toMatchObject({ details: { address: expect.stringMatching(addressOf) } });
  });

  it('share the free sessions by their own addresses [GW-100] [GW-170]', async () => {
    const { enter, sign } = await open({ limits: { sessions: 8, address_share: 0.5 } });
    const token = await sign('mallory');
    const statuses = [];
    for (let count = 0; count < 8; count += 1) statuses.push(await enter(token, `192.0.2.${count}, 203.0.113.1`));
    expect(statuses.filter(status => status === 503)).toHaveLength(4);
    expect(await enter(await sign('ada'), '192.0.2.20')).toBe(200);
  });
});
