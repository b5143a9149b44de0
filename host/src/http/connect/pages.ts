import type { NextStep } from '../../connect/connect-flows.ts';
import { codes } from '../../core/codes/index.ts';
import type { Fault } from '../../core/fault.ts';
import { type Html, html, page } from './page.ts';

/** Returns the page on which a user agrees to connect an account, or not. */
export function consentPage(step: Extract<NextStep, { kind: 'consent' }>): string {
  const { upstream, user, client, server, scopes, csrf } = step;
  const rows: readonly (readonly [string, string])[] = [
    ['Upstream', upstream],
    ['You are signed in as', user],
    ...(client === undefined ? [] : [['Requested with the client', client] as const]),
    ['You will be asked to agree at', server],
    ['Permissions', scopes.length === 0 ? 'what the server decides' : scopes.join(', ')],
  ];
  return page(
    'Connect your account',
    html`<p>This gateway will use your account at <strong>${upstream}</strong> when you send requests there. Go on only if you
asked for this yourself, in your own client.</p>
<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
<form method="post"><input type="hidden" name="csrf" value="${csrf}"><button type="submit">Continue</button></form>
<p>To refuse, close this page.</p>`,
  );
}

/** Returns the page that ends the way. */
export const connectedPage = (upstream: string): string =>
  page(
    'Your account is connected',
    html`<p>The gateway can use your account at <strong>${upstream}</strong>. Close this page, and repeat the request in your
client.</p>`,
  );

/** What happened, by the reason of `connect_failed`. */
const reasons: Readonly<Record<string, string>> = {
  denied: 'You did not agree, so nothing was connected.',
  browser: 'This page does not belong to a link that was opened in this browser.',
};

/** Returns the page for a fault. What a server has answered is in the log alone. */
export function faultPage({ code, details }: Fault, request: string): string {
  const isOwn = code.startsWith('connect_');
  const { says, todo } = codes[isOwn ? code : 'connect_failed'];
  const reason = code === 'connect_failed' ? reasons[String(details.reason)] : undefined;
  const report: Html = html`<p>If you report this, name the request ${request}.</p>`;
  return page('Not connected', html`<p>${reason ?? says}</p><p>${todo}</p>${report}`);
}
