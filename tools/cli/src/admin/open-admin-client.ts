import { fail, fileProblem, readRegularFile } from '@sallyport/host/core';
import type { Options, Surroundings } from '../command.ts';
import { AdminClient } from './admin-client.ts';

/** The options of every subcommand of `admin`. */
export const adminOptions = {
  url: { value: 'URL', says: 'the management API, such as http://127.0.0.1:8789; or SALLYPORT_ADMIN_URL' },
  'token-file': { value: 'FILE', says: 'a file with the token or API key; or SALLYPORT_ADMIN_TOKEN' },
  config: {
    short: 'c',
    value: 'FILE',
    says: 'read URL and token from this configuration, where nothing else says them',
  },
  ca: { value: 'FILE', says: 'the authorities of its certificate (PEM), instead of the usual ones' },
  cert: { value: 'FILE', says: 'a client certificate (PEM)' },
  key: { value: 'FILE', says: 'the private key of the client certificate (PEM)' },
  'plain-http': { says: 'send the token over plain http, although the gateway is on another machine' },
} as const satisfies Options;

interface AdminGiven {
  readonly url: string | undefined;
  readonly 'token-file': string | undefined;
  readonly config: string | undefined;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly 'plain-http': boolean;
}

/**
 * Opens a client of the management API. The token is never an argument, because others can read the arguments of a
 * process.
 * @throws Fault `usage`; Faults of the configuration
 */
export async function openAdminClient(given: AdminGiven, { env, signal }: Surroundings): Promise<AdminClient> {
  const stated = given.url ?? env.SALLYPORT_ADMIN_URL;
  const place = given.config !== undefined || stated === undefined ? await placeIn(given, env) : undefined;
  const token =
    given['token-file'] === undefined
      ? (env.SALLYPORT_ADMIN_TOKEN ?? place?.token)
      : (await textOf(given['token-file'])).trim();
  if (token === undefined && given.cert === undefined) {
    const hint =
      'put an API key with the scope admin:read or admin:write into SALLYPORT_ADMIN_TOKEN, or use --token-file';
    fail('usage', { missing: 'a token', hint });
  }
  const pem = (file: string | undefined) => (file === undefined ? undefined : textOf(file));
  const [ca, cert, key] = await Promise.all([pem(given.ca), pem(given.cert), pem(given.key)]);
  return new AdminClient({
    url: stated ?? place?.url ?? '',
    token,
    ca,
    cert,
    key,
    allowsPlainHttp: given['plain-http'],
    signal,
  });
}

async function placeIn({ config = 'sallyport.yaml' }: AdminGiven, env: NodeJS.ProcessEnv) {
  const { adminPlace } = await import('@sallyport/host/command');
  return adminPlace(config, env);
}

async function textOf(file: string): Promise<string> {
  try {
    return (await readRegularFile(file)).toString('utf8');
  } catch (error) {
    return fail('usage', { file, what: fileProblem(error) });
  }
}
