import { describe, expect, it } from 'vitest';
import type { Faults } from '../../core/fault.ts';
import { SecretMask } from '../../core/secret-mask.ts';
import { substituteSecrets } from './secret-placeholder.ts';
import { openSecrets } from './secrets.ts';

const url = new URL('https://api.example.com/v1');
const env: NodeJS.ProcessEnv = { TOKEN: 'tok"en/+=1', LINES: 'a\r\nb: c', GONE: 'once there' };

function secretsWith(mask = new SecretMask()) {
  const places = ['TOKEN', 'LINES', 'GONE'].map(name => ({ name: name.toLowerCase(), env: name }));
  return openSecrets(places, mask, { ...env });
}
const use = { origins: [url.origin], headers: ['authorization', 'x-key'] };

describe('a placeholder', () => {
  const secrets = secretsWith();
  const token = secrets.reference('p', 'token', use);
  const lines = secrets.reference('p', 'lines', use);

  it('[CAP-48] becomes the value in a header of the grant, wherever it stands in it', () => {
    const headers = [
      ['Authorization', `Bearer ${token}`],
      ['x-key', `${token},${token}`],
      ['x-other', 'sallyport-secret-'],
    ] as const;
    expect(substituteSecrets(secrets, { plugin: 'p', tenant: undefined }, headers, url)).toEqual({
      headers: [
        ['Authorization', 'Bearer tok"en/+=1'],
        ['x-key', 'tok"en/+=1,tok"en/+=1'],
        ['x-other', 'sallyport-secret-'],
      ],
      used: new Set(['tok"en/+=1']),
    });
  });

  it.each([
    { what: 'in another header', header: 'cookie', text: token, says: 'may not be sent in the header cookie' },
    { what: 'to another host', to: 'https://evil.example.com/', says: 'https://evil.example.com' },
    { what: 'to another port', to: 'https://api.example.com:8443/', says: ':8443' },
    { what: 'without TLS', to: 'http://api.example.com/', says: 'http://api.example.com' },
    { what: 'of another plugin', plugin: 'q', says: 'was not issued' },
    { what: 'that nobody was given', text: `sallyport-secret-${'A'.repeat(32)}`, says: 'was not issued' },
    { what: 'of a value with line breaks', text: lines, says: 'a header cannot hold' },
  ])('[CAP-48] is refused $what', ({ plugin = 'p', header = 'authorization', text = token, to = url.href, says }) => {
    expect(substituteSecrets(secrets, { plugin, tenant: undefined }, [[header, text]], new URL(to))).toEqual({
      refused: expect.stringContaining(says),
    });
  });
});

describe('secrets', () => {
  it('[CAP-54] are refused by name, all at once, when they cannot be read', () => {
    const places = [
      { name: 'a', env: 'NOT_THERE' },
      { name: 'b', file: '/nowhere/b' },
      { name: 'c', env: 'TOKEN' },
    ];
    let thrown: unknown;
    try {
      openSecrets(places, new SecretMask(), { ...env });
    } catch (error) {
      thrown = error;
    }
    expect((thrown as Faults).faults).toMatchObject([
      { code: 'secret_unavailable', details: { secret: 'a', variable: 'NOT_THERE' } },
      { code: 'secret_unavailable', details: { secret: 'b', file: '/nowhere/b' } },
    ]);
  });

  it.each([
    { what: 'as they are', text: 'is tok"en/+=1.', shows: 'is ***.' },
    {
      what: 'in base64',
      text: Buffer.from('tok"en/+=1').toString('base64'),
      shows: expect.stringMatching(/^\*\*\*=*$/),
    },
    { what: 'in a URL', text: encodeURIComponent('tok"en/+=1'), shows: '***' },
    { what: 'within JSON', text: JSON.stringify('tok"en/+=1'), shows: '"***"' },
    { what: 'beside others', text: 'other', shows: 'other' },
  ])('[CAP-49] are masked $what', ({ text, shows }) => {
    const mask = new SecretMask();
    secretsWith(mask);
    expect(mask.text(text)).toEqual(shows);
    expect(mask.value({ [text]: [text, 1, null] })).toEqual(
      typeof shows === 'string' ? { [shows]: [shows, 1, null] } : expect.anything(),
    );
  });
});

describe('the secrets of tenants [CAP-122]', () => {
  const ofTenants = (from: NodeJS.ProcessEnv, mask = new SecretMask()) =>
    openSecrets(
      [
        { name: 'token', env: 'ALL' },
        { name: 'own' },
        { name: 'token', tenant: 'one', env: 'ONE' },
        { name: 'own', tenant: 'one', env: 'OWN' },
      ],
      mask,
      from,
    );
  const from = (): NodeJS.ProcessEnv => ({ ALL: 'value-of-all', ONE: 'value-of-one', OWN: 'only-of-one' });

  it('are those of the tenant, and of no other', () => {
    const secrets = ofTenants(from());
    const reads = (name: string) => ['one', 'two', '', '__proto__', undefined].map(each => secrets.read(name, each));
    const all = 'value-of-all';
    expect(reads('token')).toEqual(['value-of-one', all, all, all, all]);
    expect(reads('own')).toEqual(['only-of-one', undefined, undefined, undefined, undefined]);
    expect([...secrets.tenantsOf('token')]).toEqual(['one']);
  });

  it('are masked from the start', () => {
    const mask = new SecretMask();
    ofTenants(from(), mask);
    expect(mask.text('value-of-one only-of-one value-of-all')).toBe('*** *** ***');
  });

  it('are put into headers for callers of the tenant', () => {
    const secrets = ofTenants(from());
    const header = (name: string, tenant?: string) =>
      substituteSecrets(secrets, { plugin: 'p', tenant }, [['x-key', secrets.reference('p', name, use)]], url);
    expect(header('own', 'one')).toMatchObject({ headers: [['x-key', 'only-of-one']], used: new Set(['only-of-one']) });
    expect(header('own', 'two')).toEqual({ refused: expect.stringContaining('no value for this caller') });
    expect(header('token', 'two')).toMatchObject({ headers: [['x-key', 'value-of-all']] });
  });

  it('that can no longer be read are not replaced by those of all', () => {
    const later = from();
    const secrets = ofTenants(later);
    delete later.ONE;
    expect([secrets.read('token', 'one'), secrets.read('token', 'two')]).toEqual([undefined, 'value-of-all']);
  });

  it('that are missing at the start are reported with their tenant', () => {
    const details = { secret: 'own', tenant: 'one', variable: 'OWN' };
    expect(() => ofTenants({ ALL: 'a-value', ONE: 'another' })).toThrow(
      expect.objectContaining({
        faults: [expect.objectContaining({ code: 'secret_unavailable', details: expect.objectContaining(details) })],
      }),
    );
  });
});
