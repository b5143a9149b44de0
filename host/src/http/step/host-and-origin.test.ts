import { describe, expect, it } from 'vitest';
import { createChecks, type ListeningOptions } from './host-and-origin.ts';

const base = { host: '127.0.0.1', port: 8787, allowedHosts: [], allowedOrigins: [] };

interface Asked {
  readonly host?: string;
  readonly origin?: string;
  readonly from?: string;
  readonly raw?: readonly string[];
  readonly forwardedFor?: string;
}

/** Both checks, as a request passes them. */
const admission = (options: ListeningOptions) => {
  const { checkHost, checkOrigin } = createChecks(options);
  return ({ host = '', origin, from = '127.0.0.1', raw = ['Host', host], forwardedFor }: Asked) => {
    const headers = {
      host,
      ...(origin === undefined ? {} : { origin }),
      ...(forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }),
    };
    checkOrigin(headers);
    checkHost({ headers, rawHeaders: raw, remoteAddress: from });
  };
};
const refusal = (code: string) => expect.objectContaining({ code });

describe('with a wildcard', () => {
  const admit = admission({ ...base, allowedHosts: ['*.example.com', '*.tools.example:8443'] });
  it.each(['acme.example.com', 'ACME.Example.com:8443', 'xn--bcher-kva.example.com', 'a-1.tools.example:8443'])(
    '[GW-263] admits %s',
    host => {
      expect(() => admit({ host })).not.toThrow();
    },
  );
  it.each([
    'example.com',
    '.example.com',
    'a.b.example.com',
    'acme.example.com.',
    'acme.example.com.evil.example',
    'evilexample.com',
    '*.example.com',
    '-acme.example.com',
    'ac me.example.com',
    'acme@evil.example.com',
    'b\u00fccher.example.com',
    'a.tools.example',
    'a.tools.example:443',
    '[::1].example.com',
    `${'a'.repeat(64)}.example.com`,
  ])('[GW-263] refuses %s', host => {
    expect(() => admit({ host })).toThrow(refusal('host_refused'));
  });
});

describe('on a loopback address', () => {
  const admit = admission(base);
  it.each(['localhost:8787', '127.0.0.1:8787', '[::1]:8787', 'LocalHost:8787'])('admits %s', host => {
    expect(() => admit({ host })).not.toThrow();
  });
  it.each(['localhost', 'localhost:80', 'localhost.evil.example:8787', '127.0.0.2:8787', ''])('refuses %j', host => {
    expect(() => admit({ host })).toThrow(refusal('host_refused'));
  });
  it('says what it was called [GW-46]', () => {
    const told = { host: 'gateway:8787', hint: expect.stringContaining('"gateway:8787"') };
    expect(() => admit({ host: 'gateway:8787' })).toThrow(expect.objectContaining({ details: told }));
  });
  it.each(['http://localhost:3000', 'https://127.0.0.1', 'http://[::1]:5173'])('admits a page of %s', origin => {
    expect(() => admit({ host: 'localhost:8787', origin })).not.toThrow();
  });
  it.each(['null', 'http://evil.example', 'http://localhost.evil.example', 'file://', 'http://localhost@evil.example'])(
    'refuses a page of %s',
    origin => {
      expect(() => admit({ host: 'localhost:8787', origin })).toThrow(refusal('origin_refused'));
    },
  );
  it.each([
    ['Host', 'localhost:8787', 'Accept', '*/*', 'Host', 'localhost:8787'],
    ['host', 'localhost:8787', 'HOST', 'evil.example'],
  ])('refuses two hosts [GW-47]', (...raw) => {
    expect(() => admit({ host: 'localhost:8787', raw })).toThrow(refusal('host_ambiguous'));
  });
});

describe('on an address that others reach', () => {
  const admit = admission({ ...base, host: '192.0.2.7', allowedHosts: ['mcp.example'] });
  it('admits the hosts that were named alone', () => {
    expect(() => admit({ host: 'mcp.example' })).not.toThrow();
    expect(() => admit({ host: 'mcp.example:8787' })).not.toThrow();
    expect(() => admit({ host: 'localhost:8787' })).toThrow(refusal('host_refused'));
  });
  it('trusts no page of the machine that the browser runs on', () => {
    expect(() => admit({ host: 'mcp.example', origin: 'http://localhost:3000' })).toThrow(refusal('origin_refused'));
  });
});

describe.each(['0.0.0.0', '::', '[::]'])('on %s', host => {
  const admit = admission({ ...base, host, allowedHosts: ['mcp.example'] });
  const names = ['localhost:8787', '127.0.0.1:8787', '[::1]:8787', 'LOCALHOST:8787'];
  it.each(names)('admits %s from this machine [GW-46]', name => {
    for (const from of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) {
      expect(() => admit({ host: name, from })).not.toThrow();
    }
  });
  it.each(names)('refuses %s from elsewhere [GW-46]', name => {
    for (const from of ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1', '::127.0.0.1']) {
      expect(() => admit({ host: name, from })).toThrow(refusal('host_refused'));
    }
  });
  it('refuses them from a proxy on this machine [GW-46]', () => {
    const forwarded = { host: 'localhost:8787', forwardedFor: '192.0.2.1' };
    expect(() => admit(forwarded)).toThrow(refusal('host_refused'));
    expect(() => admit({ ...forwarded, host: 'mcp.example' })).not.toThrow();
  });
  it('refuses other names and ports from this machine [GW-46]', () => {
    for (const name of ['localhost', 'localhost:1', 'evil.example:8787']) {
      expect(() => admit({ host: name })).toThrow(refusal('host_refused'));
    }
  });
  it('trusts no page of the machine that the browser runs on', () => {
    const page = { host: 'localhost:8787', origin: 'http://localhost:3000' };
    expect(() => admit(page)).toThrow(refusal('origin_refused'));
  });
});

it('leaves the port out where it is that of the scheme', () => {
  expect(() => admission({ ...base, port: 80 })({ host: 'localhost' })).not.toThrow();
});
