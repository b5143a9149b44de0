import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { DistributionError } from './distribution-error.ts';
import type { Profile } from './profile.ts';

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** The authentication in front of a registry that requires logins. */
export interface Gate {
  /** Creates a login that is accepted from now on. */
  login(): Login;
  /** Whether a request may proceed to the registry. If not, it has been answered. */
  admits(request: IncomingMessage, response: ServerResponse): boolean;
}

type Action = 'pull' | 'push';

/** Returns the access that a request needs; undefined if any login is enough. */
interface Need {
  readonly repository: string;
  readonly action: Action;
}

interface Token {
  readonly until: number;
  readonly repository: string;
  readonly actions: ReadonlySet<string>;
}

type Shown = 'nothing' | 'right' | 'wrong' | 'expired';

/** Creates the gate. `now` returns the time in milliseconds, for the expiry of logins and tokens. */
export function createGate(profile: Profile, now: () => number = Date.now): Gate {
  const passwords = new Map<string, number>();
  const issued = new Map<string, Token>();

  /** Checks the Basic credentials of a header field (RFC 7617). */
  function judge(field: string | undefined): Shown {
    const [, encoded] = /^basic (\S+)$/i.exec(field ?? '') ?? [];
    if (encoded === undefined) return 'nothing';
    const [, username, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
    const until = passwords.get(password ?? '');
    if (username !== profile.username || until === undefined) return 'wrong';
    return until > now() ? 'right' : 'expired';
  }

  function tokenAllows(field: string | undefined, need: Need | undefined): boolean {
    const token = issued.get(/^bearer (\S+)$/i.exec(field ?? '')?.[1] ?? '');
    if (!token || token.until <= now()) return false;
    return need === undefined || (token.repository === need.repository && token.actions.has(need.action));
  }

  /** Answers as the token service (distribution project, token authentication specification). */
  function issue(request: IncomingMessage, response: ServerResponse, service: NonNullable<Profile['tokens']>): void {
    const shown = judge(request.headers.authorization);
    if (shown === 'wrong' || shown === 'expired') {
      answer(response, new DistributionError('DENIED', 'denied', service.refusal));
      return;
    }
    const scope = URL.parse(request.url ?? '', 'http://registry')?.searchParams.get('scope') ?? '';
    const [, repository = '', asked = ''] = /^repository:([^:]+):(.*)$/.exec(scope) ?? [];
    const allowed = asked.split(',').filter(action => shown === 'right' || (service.public && action === 'pull'));
    const token = randomUUID();
    issued.set(token, { until: now() + service.seconds * 1000, repository, actions: new Set(allowed) });
    const life = { access_token: '', expires_in: service.seconds, issued_at: new Date(now()).toISOString() };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ token, ...(service.told && life) }));
  }

  function challenge(request: IncomingMessage, need: Need | undefined): string {
    const origin = `http://${request.headers.host}`;
    if (!profile.tokens) return `Basic realm="${origin}/",service="ecr.amazonaws.com"`;
    const { path, service } = profile.tokens;
    const scope = need ? `,scope="repository:${need.repository}:${need.action === 'pull' ? 'pull' : 'pull,push'}"` : '';
    return `Bearer realm="${origin}${path}",service="${service}"${scope}`;
  }

  return {
    login() {
      const password = randomUUID();
      passwords.set(password, now() + (profile.loginSeconds ?? Number.POSITIVE_INFINITY) * 1000);
      return { username: profile.username, password };
    },

    admits(request, response) {
      const { tokens } = profile;
      const path = URL.parse(request.url ?? '', 'http://registry')?.pathname ?? '';
      if (tokens && path === tokens.path) {
        issue(request, response, tokens);
        return false;
      }
      const need = needOf(request.method, path);
      const { authorization } = request.headers;
      const shown = tokens ? (tokenAllows(authorization, need) ? 'right' : 'nothing') : judge(authorization);
      if (shown === 'right') return true;
      if (shown === 'expired') {
        const text = 'Your authorization token has expired. Reauthenticate and try again.';
        answer(response, new DistributionError('DENIED', text));
      } else {
        response.setHeader('www-authenticate', challenge(request, need));
        answer(response, new DistributionError('UNAUTHORIZED', 'authentication required'));
      }
      return false;
    },
  };
}

function needOf(method: string | undefined, path: string): Need | undefined {
  const [, repository] = /^\/v2\/(.+)\/(?:manifests|blobs|tags|referrers)\//.exec(path) ?? [];
  if (repository === undefined) return undefined;
  return { repository, action: method === 'GET' || method === 'HEAD' ? 'pull' : 'push' };
}

function answer(response: ServerResponse, { status, body }: DistributionError): void {
  response.setHeader('connection', 'close'); // The rest of a refused body is not read.
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
