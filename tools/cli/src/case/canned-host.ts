import {
  type Capability,
  capabilities,
  createMemoryKv,
  type Facilities,
  type Hear,
  type KvSpace,
  type KvStore,
  type Serve,
} from '@sallyport/host/capability';
import type { PluginDescriptor } from '@sallyport/host/contract';
import { z } from 'zod';
import type { CaseHost } from './case-file.ts';
import { toContract, toPlain } from './contract-value.ts';
import { type Difference, difference, differencesOf } from './difference.ts';

const quota = { keys: 1_000_000, bytes: 2 ** 30 };
const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);

/** The host of one case: real capabilities in the lane, backed by the answers that the case states. */
export interface CannedHost {
  readonly capabilities: readonly Capability[];
  /** Stands for the gateway's store. */
  facilities(real: Facilities): Facilities;
  /** Returns the grants of a plugin: all capabilities it declares, except those the case denies. */
  grants(descriptor: PluginDescriptor): Readonly<Record<string, unknown>>;
  /** Advances the clock by milliseconds. */
  pass(ms: number): void;
  /** Returns everything in the store for this tenant. */
  stored(plugin: string, tenant: string | undefined): Promise<Readonly<Record<string, string>>>;
  /** Returns the metrics and audit events since the last call of this function. */
  takeEvents(): Readonly<Record<'metrics' | 'audit' | 'upstream_headers', readonly unknown[]>>;
  /** Returns the host calls without a matching answer since the last call of this function. */
  unexpected(): readonly Difference[];
  /** Returns the answers that were not used. */
  unused(): readonly Difference[];
}

/** Creates the host of a case. `tenant` is the tenant whose store holds the stated entries. */
export async function createCannedHost(
  host: CaseHost,
  plugin: string,
  tenant: string | undefined,
): Promise<CannedHost> {
  const moments = new Float64Array(new SharedArrayBuffer(16));
  moments[0] = Date.parse(host.clock);
  const kv = createMemoryKv(() => moments[0] ?? 0);
  const space = { plugin, tenant };
  for (const [key, value] of Object.entries(host.kv ?? {})) await kv.set(space, key, Buffer.from(value), { quota });

  const surprises: Difference[] = [];
  const said = { metrics: [] as unknown[], audit: [] as unknown[], upstream_headers: [] as unknown[] };
  const http = [...host.http];
  const tools = [...host.tools];
  const hearing = (to: unknown[]) => (): Hear => message => void to.push(toPlain(message));
  const serves: Readonly<Record<string, Serve>> = {
    outbound_http: async message => answerHttp(httpRequestSchema.parse(message), http, surprises),
    tool_call: async message => answerTool(toolRequestSchema.parse(message), tools, surprises),
    secret_store: async message => answerSecret(secretRequestSchema.parse(message), host.secrets),
    ...(host.kv === null && { kv_store: async () => ({ err: { tag: 'failed', val: 'the store failed' } }) }),
  };
  const hears = {
    metrics: hearing(said.metrics),
    audit: hearing(said.audit),
    upstream_headers: hearing(said.upstream_headers),
  };

  return {
    capabilities: capabilities.map(capability => {
      const serve = serves[capability.name];
      const hear = Object.hasOwn(hears, capability.name) ? hears[capability.name as keyof typeof hears] : undefined;
      return {
        ...capability,
        ...(serve && { serve: () => serve }),
        ...(hear && { hear }),
        ...(capability.name === 'upstream_headers' && { shows: () => ({ upstreamTakesHeaders: true }) }),
      };
    }),
    facilities: real => ({ ...real, kv: () => kv }),
    grants({ required_capabilities, optional_capabilities }) {
      const given: Readonly<Record<string, unknown>> = {
        clock: { resolution_ms: 1, stands: moments },
        random: { repeats: host.random === undefined ? everyByte : new Uint8Array(Buffer.from(host.random, 'hex')) },
        request_headers: { names: Object.keys(host.headers) },
        identity_claims: { names: Object.keys(host.claims) },
        // Nothing is sent: the answer comes from the case.
        outbound_http: { allow: ['https://host.invalid'] },
        secret_store: { names: ['any'] },
        tool_call: { tools: ['any'] },
        upstream_headers: { names: [], max_bytes: 16_384, any: true },
      };
      const names = [...required_capabilities, ...optional_capabilities].filter(name => !host.denied.includes(name));
      return Object.fromEntries(
        capabilities
          .filter(({ name, always }) => always !== true && names.includes(name))
          .map(({ name, grant }) => {
            const asGiven = ['clock', 'random', 'request_headers', 'identity_claims', 'upstream_headers'].includes(
              name,
            );
            return [name, asGiven ? given[name] : grant.parse(given[name] ?? {})];
          }),
      );
    },
    pass(ms) {
      for (const index of moments.keys()) moments[index] = (moments[index] ?? 0) + ms;
    },
    stored: (id, of) => allOf(kv, { plugin: id, tenant: of }),
    takeEvents: () => ({
      metrics: said.metrics.splice(0),
      audit: said.audit.splice(0),
      upstream_headers: said.upstream_headers.splice(0),
    }),
    unexpected: () => surprises.splice(0),
    unused: () => [
      ...http.map(({ request }) => difference('host.http', request, undefined)),
      ...tools.map(({ name, arguments: given }) => difference('host.tools', { name, arguments: given }, undefined)),
    ],
  };
}

const httpRequestSchema = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  body: z.instanceof(Uint8Array).optional(),
});
const toolRequestSchema = z.object({ name: z.string(), argumentsJson: z.string() });
const secretRequestSchema = z.object({ do: z.enum(['get', 'reference']), name: z.string() });

function answerHttp(
  asked: z.infer<typeof httpRequestSchema>,
  known: CaseHost['http'],
  surprises: Difference[],
): unknown {
  const { method, url } = asked;
  const headers = Object.fromEntries(asked.headers.map(([name, value]) => [name.toLowerCase(), value]));
  const body = asked.body === undefined ? undefined : Buffer.from(asked.body).toString('utf8');
  const index = known.findIndex(
    ({ request }) =>
      request.method === method &&
      request.url === url &&
      Object.entries(request.headers).every(([name, value]) => headers[name.toLowerCase()] === value) &&
      (request.body === undefined || differencesOf(request.body, body, '').length === 0),
  );
  const [found] = index === -1 ? [] : known.splice(index, 1);
  if (found === undefined) {
    surprises.push(difference('host.http', undefined, { method, url, headers, ...(body !== undefined && { body }) }));
    return { err: { tag: 'failed', val: 'the case has no answer to this request' } };
  }
  if (found.error !== undefined) return { err: found.error };
  const { status = 200, headers: answered = {}, body: content = '' } = found.answer ?? {};
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return { ok: { status, headers: Object.entries(answered), body: new Uint8Array(Buffer.from(text)) } };
}

function answerTool(
  asked: z.infer<typeof toolRequestSchema>,
  known: CaseHost['tools'],
  surprises: Difference[],
): unknown {
  const { name, argumentsJson } = asked;
  const index = known.findIndex(
    tool =>
      tool.name === name &&
      (tool.arguments === undefined || differencesOf(tool.arguments, argumentsJson, '').length === 0),
  );
  const [found] = index === -1 ? [] : known.splice(index, 1);
  if (found === undefined) {
    surprises.push(difference('host.tools', undefined, { name, arguments: argumentsJson }));
    return { err: { tag: 'not-found' } };
  }
  if (found.error !== undefined) return { err: found.error };
  return { ok: toContract({ content: [], isError: false, ...found.result }) };
}

/** Resolves a secret reference to its name, so that a case can state where in a request it is expected. */
function answerSecret({ do: what, name }: z.infer<typeof secretRequestSchema>, secrets: CaseHost['secrets']): unknown {
  if (!Object.hasOwn(secrets, name))
    return { err: { tag: 'denied', val: `${name} is not among the secrets of the case` } };
  return { ok: what === 'get' ? secrets[name] : `{{secret:${name}}}` };
}

async function allOf(kv: KvStore, space: KvSpace): Promise<Readonly<Record<string, string>>> {
  const entries: Record<string, string> = {};
  for (const key of await kv.list(space, '', undefined, quota.keys)) {
    entries[key] = Buffer.from((await kv.get(space, key)) ?? []).toString('utf8');
  }
  return entries;
}
