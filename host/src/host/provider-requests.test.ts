import { describe, expect, it } from 'vitest';
import { openProvider, type ProviderOptions } from './provider-requests.ts';

/** Returns why a request to a URL fails. */
async function failure(url: string, options: Partial<ProviderOptions> = {}): Promise<string> {
  await using provider = openProvider({ id: 'as', urls: ['https://as.example'], allowPrivate: [], ...options });
  return await provider.request(url).then(
    () => 'nothing',
    (error: Error) => error.message,
  );
}

describe('a request to an authorization server [GW-133]', () => {
  it.each(['https://127.0.0.1/keys', 'https://[::1]/', 'https://169.254.169.254/', 'https://localhost/keys'])(
    'does not go to an address that is not public: %s',
    async url => {
      expect(await failure(url)).toMatch(/not public/);
      expect(await failure(url, { urls: [url] })).toMatch(/not public/);
    },
  );

  it.each(['http://as.example/keys', 'file:///etc/passwd', 'https://user@as.example/'])(
    'does not go to %s',
    async url => {
      expect(await failure(url)).toMatch(/not in the grant|not http|credentials/);
    },
  );

  it('goes to private addresses that the operator allows', async () => {
    const url = 'https://127.0.0.1:1/keys';
    expect(await failure(url, { urls: [url], allowPrivate: ['127.0.0.0/8'] })).toMatch(/ECONNREFUSED/);
  });

  it('goes to no other place where the server is on this machine', async () => {
    const urls = ['http://127.0.0.1:1'];
    expect(await failure('http://127.0.0.1:1/keys', { urls })).toMatch(/ECONNREFUSED/);
    expect(await failure('http://127.0.0.1:2/keys', { urls })).toMatch(/not in the grant/);
    expect(await failure('https://as.example/keys', { urls })).toMatch(/not in the grant/);
  });
});
