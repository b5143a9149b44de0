import type { AccountReport } from '@sallyport/host/command';

/** Formats an account as one line. */
export const accountLine = ({ upstream, scheme, subject, tenant, scopes, connected, state }: AccountReport): string =>
  [
    upstream,
    state,
    subject,
    ...(tenant === undefined ? [] : [`tenant ${tenant}`]),
    `scheme ${scheme}`,
    ...(scopes.length === 0 ? [] : [`scopes ${scopes.join(' ')}`]),
    ...(connected === undefined ? [] : [`connected ${connected}`]),
  ].join('  ');
