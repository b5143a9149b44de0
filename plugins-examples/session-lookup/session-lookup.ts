import { reference } from 'sallyport:plugin/secret-store@0.1.0';
import { identity, known, refuse } from '@sallyport/plugin';
import { postJson } from '@sallyport/plugin/http';

interface Config {
  readonly url: string;
  readonly secret: string;
}

/** What the application says of a session. */
interface Session {
  readonly active: true;
  readonly user: string;
  readonly tenant: string | undefined;
  readonly roles: readonly string[];
  readonly email: string | undefined;
  readonly expiresIn: number;
}

export const { lifecycle, identityCheck } = identity<Config>({
  defaults: { url: '', secret: 'session-service-key' },
  identify({ value }, _context, config) {
    const session = lookUp(value, config);
    if (session === undefined) return undefined;
    if (!session.active) return refuse('SESSION_ENDED', 'The session has ended.');
    const { user, tenant, roles, email, expiresIn } = session;
    return known(user, { tenant, scopes: roles, claims: { email }, validForS: expiresIn });
  },
});

/**
 * Asks the application about a session; undefined if it does not know the session. The plugin never sees the key of the
 * application: the gateway replaces the reference with it.
 * @throws Error if the application gives no answer that can be used, so that nobody is let in or out for it
 */
function lookUp(session: string, { url, secret }: Config): Session | { readonly active: false } | undefined {
  const answer = postJson(url, { session }, { authorization: `Bearer ${reference(secret)}` });
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`the application answered with status ${answer.status}`);
  const { active, user, tenant, roles = [], email, expires_in: expiresIn } = answer.json() as Record<string, unknown>;
  if (active === false) return { active };
  if (active !== true || typeof user !== 'string' || !isTexts(roles) || !isSeconds(expiresIn))
    throw new Error('the application answered with something else than a session');
  return { active, user, roles, expiresIn, tenant: textOf(tenant), email: textOf(email) };
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every(each => typeof each === 'string');

const isSeconds = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
