import type { ListedKey } from '@sallyport/host/command';

/** Formats a key as one line. */
export const keyLine = ({ id, state, subject, tenant, scopes, created, expires }: ListedKey): string =>
  [
    id,
    state,
    subject,
    ...(tenant === undefined ? [] : [`tenant ${tenant}`]),
    ...(scopes.length === 0 ? [] : [`scopes ${scopes.join(' ')}`]),
    `created ${created}`,
    expires === undefined ? 'never expires' : `expires ${expires}`,
  ].join('  ');

/** Formats a new key as lines of `name: value`. */
export const describeKey = ({ id, subject, tenant, scopes, expires }: ListedKey): string =>
  [
    `id: ${id}`,
    `subject: ${subject}`,
    ...(tenant === undefined ? [] : [`tenant: ${tenant}`]),
    ...(scopes.length === 0 ? [] : [`scopes: ${scopes.join(' ')}`]),
    `expires: ${expires ?? 'never'}`,
  ].join('\n');
