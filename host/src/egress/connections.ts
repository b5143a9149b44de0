import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates } from 'node:tls';
import type { Agent, Dispatcher, request as undiciRequest } from 'undici';
import { fail } from '../core/fault.ts';
import { fileProblem } from '../core/file-problem.ts';
import type { HeaderList } from '../core/http-header.ts';
import { readRegularFileSync } from '../core/regular-file.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import type { AllowRule, ClientCertificate } from './allow-rule.ts';
import { createPinnedLookup, type ResolveName } from './resolve-name.ts';

/** What goes over a connection. */
export interface Sending {
  readonly method: string;
  readonly url: URL;
  readonly headers: HeaderList;
  readonly body: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** The connections of one plugin. Those that show a client certificate are their rule's alone. */
export interface EgressConnections extends AsyncDisposable {
  send(rule: AllowRule, sending: Sending): Promise<Dispatcher.ResponseData>;
}

interface Client {
  readonly request: typeof undiciRequest;
  agentFor(rule: AllowRule): Agent;
  close(): Promise<void>;
}

const headerBytes = 32_768;

/**
 * Opens connections to checked addresses only; TLS is always verified, against the name that was asked for.
 * @throws Fault `egress_file_unreadable`
 */
export function createConnections(
  rules: readonly AllowRule[],
  on: {
    readonly plugin: string;
    readonly caFile: string | undefined;
    readonly resolve: ResolveName;
    readonly mayReach: (address: string) => boolean;
  },
): EgressConnections {
  const extra = on.caFile === undefined ? [] : readAuthorities(on.plugin, on.caFile);
  const trust = extra.length === 0 ? {} : { ca: [...getCACertificates('default'), ...extra] };
  const checked = { ...trust, rejectUnauthorized: true, minVersion: 'TLSv1.2' as const };
  const identities = new Map(
    rules.flatMap(rule =>
      rule.clientCertificate === undefined ? [] : [[rule, identityOf(on.plugin, rule.clientCertificate)] as const],
    ),
  );

  const open = async (): Promise<Client> => {
    const { Agent, request } = await import('undici');
    const lookup = createPinnedLookup(on.resolve, on.mayReach);
    const agent = (identity: object = {}) =>
      new Agent({ allowH2: false, maxHeaderSize: headerBytes, connect: { ...checked, ...identity, lookup } });
    const common = agent();
    const own = new Map([...identities].map(([rule, identity]) => [rule, agent(identity)]));
    return {
      request,
      agentFor: rule => own.get(rule) ?? common,
      close: async () => void (await Promise.all([common, ...own.values()].map(each => each.destroy()))),
    };
  };
  const client = open();
  return {
    async send(rule, { method, url, headers, body, signal }) {
      const { request, agentFor } = await client;
      const response = request(url, {
        method: method as Dispatcher.HttpMethod,
        headers: headers.flat(),
        body: body ?? null,
        dispatcher: agentFor(rule),
        signal,
      });
      // undici sees an abort only once there is a connection: an unresolved name would keep the request until then.
      return unlessAborted(response, signal);
    },
    [Symbol.asyncDispose]: async () => (await client).close(),
  };
}

const identityOf = (plugin: string, { certificate_file, key_file }: ClientCertificate) => {
  const identity = { cert: readPem(plugin, certificate_file), key: readPem(plugin, key_file) };
  try {
    createSecureContext(identity);
  } catch (error) {
    fail('egress_file_unreadable', { plugin, file: key_file }, error);
  }
  return identity;
};

/** TLS passes over what is no certificate without a word, so that each is read here first. */
function readAuthorities(plugin: string, file: string): string[] {
  const certificates = readPem(plugin, file).match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs);
  try {
    for (const certificate of certificates ?? []) new X509Certificate(certificate);
  } catch (error) {
    return fail('egress_file_unreadable', { plugin, file }, error);
  }
  return certificates ?? fail('egress_file_unreadable', { plugin, file });
}

function readPem(plugin: string, file: string): string {
  try {
    return readRegularFileSync(file).toString('utf8');
  } catch (error) {
    return fail('egress_file_unreadable', { plugin, file, what: fileProblem(error) }, error);
  }
}
