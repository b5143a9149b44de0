import { describe, expect, it } from 'vitest';
import { readRule } from './allow-rule.ts';
import { egressGrantSchema } from './egress-grant.ts';
import { normaliseTarget } from './normalise-url.ts';

const matches = (rule: string | { url: string; any_host: true }, text: string) => {
  const target = normaliseTarget(text);
  return 'url' in target && readRule(rule).matches(target.url);
};

describe('a rule', () => {
  it.each([
    { rule: 'https://api.example.com', url: 'https://api.example.com/any/path?and=query#part' },
    { rule: 'https://api.example.com:443', url: 'https://api.example.com/' },
    { rule: 'https://api.example.com', url: 'https://API.Example.COM:443/' },
    { rule: 'https://api.example.com', url: 'https://api.example.com./' },
    { rule: 'https://api.example.com', url: 'https://%61pi.example.com/' },
    { rule: 'https://api.example.com', url: 'https://ａｐｉ.example.com/' },
    { rule: 'https://xn--bcher-kva.example', url: 'https://bücher.example/' },
    { rule: 'https://*.example.com', url: 'https://a.example.com/' },
    { rule: 'https://*.example.com', url: 'https://a.b.example.com/' },
    { rule: 'https://api.example.com/v1/*', url: 'https://api.example.com/v1/users' },
    { rule: 'https://api.example.com/v1/*', url: 'https://api.example.com/v1/%75sers?x=1' },
    { rule: 'https://api.example.com/v1/*', url: 'https://api.example.com/v2/../v1/users' },
    { rule: 'https://api.example.com/v1/**', url: 'https://api.example.com/v1/a/b/c' },
    { rule: 'https://api.example.com/', url: 'https://api.example.com' },
    { rule: 'https://api.example.com/a.b', url: 'https://api.example.com/a.b' },
    { rule: { url: 'https://*', any_host: true as const }, url: 'https://where.ever/' },
    { rule: { url: 'https://*/hook/*', any_host: true as const }, url: 'https://where.ever/hook/1' },
    { rule: 'http://127.0.0.1:9000', url: 'http://2130706433:9000/' },
    { rule: 'http://[::1]:9000', url: 'http://[0:0::1]:9000/' },
  ])('[CAP-20] $rule lets $url pass', ({ rule, url }) => {
    expect(matches(rule, url)).toBe(true);
  });

  it.each([
    { rule: 'https://api.example.com', url: 'http://api.example.com/' },
    { rule: 'https://api.example.com', url: 'https://api.example.com:8443/' },
    { rule: 'https://api.example.com', url: 'https://api.example.com.evil.test/' },
    { rule: 'https://api.example.com', url: 'https://evil.test/api.example.com' },
    { rule: 'https://api.example.com', url: 'https://x.api.example.com/' },
    { rule: 'https://*.example.com', url: 'https://example.com/' },
    { rule: 'https://*.example.com', url: 'https://badexample.com/' },
    { rule: 'https://api.example.com/v1/*', url: 'https://api.example.com/v1/a/b' },
    { rule: 'https://api.example.com/v1/*', url: 'https://api.example.com/v1' },
    { rule: 'https://api.example.com/v1/*', url: 'https://api.example.com/v1/../admin' },
    { rule: 'https://api.example.com/v1/**', url: 'https://api.example.com/v1/%2e%2e/admin' },
    { rule: 'https://api.example.com/v1/**', url: 'https://api.example.com/v1/..%2fadmin' },
    { rule: 'https://api.example.com/v1/**', url: 'https://api.example.com/v1/..%5Cadmin' },
    { rule: 'https://api.example.com/v1/**', url: 'https://api.example.com/v1/..;/admin' },
    { rule: 'https://api.example.com/v1/**', url: 'https://api.example.com/v1/%252e%252e/admin' },
    { rule: 'https://api.example.com/v1/**', url: 'https://api.example.com/v1/..%3b/admin' },
    { rule: 'https://api.example.com/v1/**', url: 'https://api.example.com/v1/..%c0%af/admin' },
    { rule: 'https://api.example.com/v1/**', url: 'https://api.example.com/v1//admin' },
    { rule: 'https://api.example.com/v1/**', url: 'https://api.example.com/v1/%00' },
    { rule: 'https://api.example.com/v1/**', url: 'https://api.example.com/V1/a' },
    { rule: 'https://api.example.com/a.b', url: 'https://api.example.com/aXb' },
    { rule: { url: 'https://*', any_host: true as const }, url: 'http://where.ever/' },
  ])('[CAP-20] $rule does not let $url pass', ({ rule, url }) => {
    expect(matches(rule, url)).toBe(false);
  });

  it.each([
    'https://*',
    'https://*.com',
    'https://*.1.2',
    'https://a*.example.com',
    'https://API.example.com',
    'https://bücher.example',
    'https://me:pw@api.example.com',
    'https://api.example.com.',
    'https://api..example.com',
    'http://127.1',
    'http://0x7f000001',
    'http://[0:0::1]',
    'https://api.example.com:0',
    'https://api.example.com:99999',
    'https://api.example.com/?q',
    'https://api.example.com/#f',
    'https://api.example.com/a b',
    'https://api.example.com/ü',
    'ftp://api.example.com',
    'api.example.com',
    { url: 'https://*' },
    { url: 'https://api.example.com', any_host: true },
    { url: 'https://api.example.com', methods: ['get'] },
    { url: 'https://api.example.com', methods: ['CONNECT'] },
    { url: 'https://api.example.com', client_certificate: { certificate_file: 'a.pem', key_file: 'b.pem' } },
    { url: 'https://api.example.com', also: true },
  ])('[CAP-04] is refused: %j', rule => {
    expect(egressGrantSchema.safeParse({ allow: [rule] }).success).toBe(false);
  });

  it.each(['10.0.0.0', '10.0.0.0/33', 'example.com/8', '::/129', 'fe80::1%eth0/64', '/8', '10.0.0.0/-1'])(
    '[CAP-04] is refused with allow_private %s',
    cidr => {
      const allow = ['https://api.example.com'];
      expect(egressGrantSchema.safeParse({ allow, allow_private: [cidr] }).success).toBe(false);
    },
  );
});

describe('a URL', () => {
  it.each([
    'https://me@api.example.com/',
    'https://:pw@api.example.com/',
    'https://api.example.com\\@evil.test/',
    'https://api.exam\tple.com/',
    'https://api.example.com/\r\nHost: evil.test',
    ' https://api.example.com/',
    'https://api..example.com/',
    'https://api.example.com../',
    'https://-api.example.com/',
    `https://${'a'.repeat(64)}.example.com/`,
    `https://${'a.'.repeat(130)}com/`,
    'https://ex%00ample.com/',
    'https://ex%2fample.com/',
    'https://[fe80::1%25eth0]/',
    'https://256.1.1.1/',
    'https://1.2.3.4.5/',
    'https://!!!/',
    'http://api.example.com:0/',
    'file:///etc/passwd',
    'data:,x',
    'blob:https://api.example.com/1',
    '//api.example.com/',
    'api.example.com',
    '',
  ])('[CAP-21] that has no normal form is refused: %j', text => {
    expect(normaliseTarget(text)).toHaveProperty('why');
  });

  it.each([
    ['http://0x7f.1/', 'http://127.0.0.1/'],
    ['http://0177.0.0.01/', 'http://127.0.0.1/'],
    ['http://2852039166/latest', 'http://169.254.169.254/latest'],
    ['http://169.254.169.254./', 'http://169.254.169.254/'],
    ['http://①②⑦.⓪.⓪.①/', 'http://127.0.0.1/'],
    ['http://[::ffff:127.0.0.1]/', 'http://[::ffff:7f00:1]/'],
    ['HTTPS://Api.Example.com:443/%7euser/%2f?q#f', 'https://api.example.com/~user/%2F?q'],
  ])('[CAP-21] %s is read as %s', (text, url) => {
    expect(normaliseTarget(text)).toMatchObject({ url: new URL(url) });
  });
});
