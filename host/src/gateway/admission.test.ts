import { describe, expect, it } from 'vitest';
import { createAdmission } from './admission.ts';

const base = { host: '127.0.0.1', port: 8787, allowedHosts: [], allowedOrigins: [] };

describe('on a loopback address', () => {
  const admit = createAdmission(base);
  it.each(['localhost:8787', '127.0.0.1:8787', '[::1]:8787', 'LocalHost:8787'])('admits %s', host => {
    expect(() => admit({ host })).not.toThrow();
  });
  it.each(['localhost', 'localhost:80', 'localhost.evil.example:8787', '127.0.0.2:8787', ''])('refuses %j', host => {
    expect(() => admit({ host })).toThrow(expect.objectContaining({ code: 'host_refused' }));
  });
  it.each(['http://localhost:3000', 'https://127.0.0.1', 'http://[::1]:5173'])('admits a page of %s', origin => {
    expect(() => admit({ host: 'localhost:8787', origin })).not.toThrow();
  });
  it.each(['null', 'http://evil.example', 'http://localhost.evil.example', 'file://', 'http://localhost@evil.example'])(
    'refuses a page of %s',
    origin => {
      const refusal = expect.objectContaining({ code: 'origin_refused' });
      expect(() => admit({ host: 'localhost:8787', origin })).toThrow(refusal);
    },
  );
});

describe('on any other address', () => {
  const admit = createAdmission({ ...base, host: '0.0.0.0', allowedHosts: ['mcp.example'] });
  it('admits the hosts that were named alone', () => {
    expect(() => admit({ host: 'mcp.example' })).not.toThrow();
    expect(() => admit({ host: 'mcp.example:8787' })).not.toThrow();
    expect(() => admit({ host: 'localhost:8787' })).toThrow(expect.objectContaining({ code: 'host_refused' }));
  });
  it('trusts no page of the machine that the browser runs on', () => {
    const refusal = expect.objectContaining({ code: 'origin_refused' });
    expect(() => admit({ host: 'mcp.example', origin: 'http://localhost:3000' })).toThrow(refusal);
  });
});

it('leaves the port out where it is that of the scheme', () => {
  expect(() => createAdmission({ ...base, port: 80 })({ host: 'localhost' })).not.toThrow();
});
