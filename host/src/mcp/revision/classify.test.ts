import { expect, it } from 'vitest';
import type { JsonObject } from '../../core/json.ts';
import type { Body } from '../message.ts';
import { createClassify } from './classify.ts';
import type { HttpMethod, RevisionTable } from './revision.ts';

const sessionful = {
  name: 'sessionful',
  versions: ['2025-11-25', '2025-06-18', '2025-03-26'],
  httpMethods: ['POST', 'GET', 'DELETE'],
  opening: 'initialize',
} as const satisfies RevisionTable & { name: string };

const stateless = {
  name: 'stateless',
  versions: ['2026-07-28'],
  httpMethods: ['POST'],
  opening: 'server/discover',
} as const satisfies RevisionTable & { name: string };

const request = (method: string, params: JsonObject = {}): Body => ({ kind: 'request', id: 1, method, params });
const of = (version: unknown) => ({ _meta: { 'io.modelcontextprotocol/protocolVersion': version } }) as JsonObject;
const version = (value: string) => ({ 'mcp-protocol-version': value });
const inSession = { 'mcp-session-id': 'e3b0c442' };
const ping = request('ping');
const batch: Body = { kind: 'batch', messages: [] };
const notification: Body = { kind: 'notification', method: 'notifications/initialized', params: {} };

interface Row {
  readonly what: string;
  readonly method?: HttpMethod;
  readonly headers?: Record<string, string>;
  readonly body?: Body;
  /** With both revisions, and with the sessionful one alone: the name of a revision, or the refusal. */
  readonly both: string;
  readonly alone: string;
}

const unknown = (requested: string) => `revision_unknown ${requested}`;

it.each<Row>([
  { what: 'initialize', body: request('initialize'), both: 'sessionful', alone: 'sessionful' },
  {
    what: 'initialize of an unknown version, which is negotiated',
    body: request('initialize', { protocolVersion: '2031-01-01' }),
    headers: version('2031-01-01'),
    both: 'sessionful',
    alone: 'sessionful',
  },
  { what: 'a request that names no version', body: ping, both: 'sessionful', alone: 'sessionful' },
  { what: 'a request with a session', body: ping, headers: inSession, both: 'sessionful', alone: 'sessionful' },
  {
    what: 'a version in the header',
    body: ping,
    headers: version('2025-06-18'),
    both: 'sessionful',
    alone: 'sessionful',
  },
  {
    what: 'a newer version',
    body: ping,
    headers: version('2026-07-28'),
    both: 'stateless',
    alone: unknown('2026-07-28'),
  },
  {
    what: 'a newer version with a session, which it ignores',
    body: ping,
    headers: { ...inSession, ...version('2026-07-28') },
    both: 'stateless',
    alone: unknown('2026-07-28'),
  },
  {
    what: 'an unknown version',
    body: ping,
    headers: version('2031-01-01'),
    both: unknown('2031-01-01'),
    alone: unknown('2031-01-01'),
  },
  { what: 'an empty version', body: ping, headers: version(''), both: unknown(''), alone: unknown('') },
  { what: 'a version in _meta', body: request('ping', of('2025-11-25')), both: 'sessionful', alone: 'sessionful' },
  {
    what: 'a newer version in _meta',
    body: request('ping', of('2026-07-28')),
    both: 'stateless',
    alone: unknown('2026-07-28'),
  },
  {
    what: 'two versions, of which the one in _meta counts',
    body: request('ping', of('2026-07-28')),
    headers: version('2025-11-25'),
    both: 'stateless',
    alone: unknown('2026-07-28'),
  },
  {
    what: 'a known version in _meta beside an unknown one in the header',
    body: request('ping', of('2025-11-25')),
    headers: version('2031-01-01'),
    both: unknown('2031-01-01'),
    alone: unknown('2031-01-01'),
  },
  { what: 'an unknown version in _meta', body: request('ping', of('x')), both: unknown('x'), alone: unknown('x') },
  { what: 'a version in _meta that is no text', body: request('ping', of(7)), both: 'sessionful', alone: 'sessionful' },
  {
    what: 'server/discover of its version',
    body: request('server/discover', of('2026-07-28')),
    both: 'stateless',
    alone: unknown('2026-07-28'),
  },
  {
    what: 'server/discover with its version in the header alone',
    body: request('server/discover'),
    headers: version('2026-07-28'),
    both: 'stateless',
    alone: unknown('2026-07-28'),
  },
  {
    what: 'server/discover of a version that does not have it',
    body: request('server/discover', of('2025-11-25')),
    both: unknown('2025-11-25'),
    alone: unknown('2025-11-25'),
  },
  {
    what: 'server/discover without a version',
    body: request('server/discover'),
    both: unknown(''),
    alone: unknown(''),
  },
  { what: 'a notification', body: notification, headers: inSession, both: 'sessionful', alone: 'sessionful' },
  { what: 'a response', body: { kind: 'response' }, headers: inSession, both: 'sessionful', alone: 'sessionful' },
  { what: 'a batch', body: batch, headers: inSession, both: 'sessionful', alone: 'sessionful' },
  {
    what: 'a batch of a newer version',
    body: batch,
    headers: version('2026-07-28'),
    both: 'stateless',
    alone: unknown('2026-07-28'),
  },
  { what: 'a POST by its headers alone', headers: inSession, both: 'sessionful', alone: 'sessionful' },
  { what: 'GET', method: 'GET', headers: inSession, both: 'sessionful', alone: 'sessionful' },
  { what: 'DELETE', method: 'DELETE', headers: inSession, both: 'sessionful', alone: 'sessionful' },
  {
    what: 'GET of a version without it',
    method: 'GET',
    headers: version('2026-07-28'),
    both: 'http_method_refused GET',
    alone: unknown('2026-07-28'),
  },
  {
    what: 'DELETE of a version without it',
    method: 'DELETE',
    headers: { ...inSession, ...version('2026-07-28') },
    both: 'http_method_refused DELETE',
    alone: unknown('2026-07-28'),
  },
])('$what goes to one revision or is refused [GW-110]', ({ method = 'POST', headers = {}, body, both, alone }) => {
  const decide = (revisions: readonly (RevisionTable & { name: string })[]) => {
    const { revision, refusal } = createClassify(revisions)(method, headers, body);
    return revision?.name ?? `${refusal?.code} ${refusal?.details.requested ?? refusal?.details.method}`;
  };
  expect(decide([sessionful, stateless])).toBe(both);
  expect(decide([stateless, sessionful])).toBe(both);
  expect(decide([sessionful])).toBe(alone);
});

it('refuses a version with those that are served, and says how to begin [GW-110]', () => {
  const both = createClassify([stateless, sessionful])('POST', version('2031-01-01'), ping).refusal;
  expect(both?.details.supported).toEqual(['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26']);
  expect(both?.hint).toBe('send `initialize` with one of 2025-11-25, 2025-06-18, 2025-03-26');
  const modern = createClassify([stateless]);
  expect(modern('POST', {}, request('initialize')).refusal?.hint).toBe('use one of the versions 2026-07-28');
  expect(modern('POST', {}, ping).refusal?.code).toBe('revision_unknown');
  expect(createClassify([])('GET', {}).refusal?.code).toBe('revision_unknown');
});
