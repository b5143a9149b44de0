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
    expect(substituteSecrets(secrets, 'p', headers, url)).toEqual({
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
    expect(substituteSecrets(secrets, plugin, [[header, text]], new URL(to))).toEqual({
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
