import { expect, it } from 'vitest';
import { Fault } from '../../core/fault.ts';
import { pageHeaders } from './page.ts';
import { consentPage, faultPage } from './pages.ts';

const hostile = `"><script>alert(1)</script><img src='x' onerror=alert(1)>&amp;`;

it('[UP-56] escapes every text on the page of consent', () => {
  const page = consentPage({
    ...{ kind: 'consent', upstream: hostile, user: hostile, client: hostile, server: hostile, scopes: [hostile] },
    csrf: hostile,
  });
  expect(page).not.toMatch(/<script|<img|onerror=alert\(1\)>&amp;[^l]|'x'/);
  expect(page.match(/&lt;script&gt;/g)).toHaveLength(7);
});

it('[UP-56] shows nothing of what a server has answered', () => {
  const fault = new Fault('upstream_auth_failed', { hint: 'the server answered with a secret', server: 'https://up' });
  const page = faultPage(fault, 'the-request');
  expect(page).toContain('the-request');
  expect(page).not.toMatch(/secret|https:/);
});

it('[UP-56] allows no script, no frame and no form but its own', () => {
  const { 'content-security-policy': policy = '' } = pageHeaders();
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    expect.stringMatching(/^style-src 'sha256-[\w+/]{43}='$/),
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'none'",
  ]);
});
