import { isIP } from 'node:net';
import { parseListen } from '../config/listen.ts';
import { fail } from '../core/fault.ts';
import { readRegularFileSync } from '../core/regular-file.ts';
import { readConfig } from './read-config.ts';

/** Where the management API of a configuration is, and a token for it. */
export interface AdminPlace {
  readonly url: string;
  /** Absent if the configuration names none, or it cannot be read here. */
  readonly token?: string | undefined;
}

/** Reads from a configuration where its management API is. @throws Fault `usage`; Faults of the configuration */
export async function adminPlace(file: string, env: NodeJS.ProcessEnv): Promise<AdminPlace> {
  const { admin, listen, tls, secrets } = await readConfig(file);
  if (admin === undefined) return refuse(file, 'it has no section `admin`');
  const { host, port } = parseListen(admin.listen ?? listen) ?? { host: '', port: 0 };
  if (port === 0) return refuse(file, 'the system chooses its port');
  const scheme = (admin.listen === undefined ? tls : admin.tls) === undefined ? 'http' : 'https';
  const secret = secrets.find(({ name }) => name === admin.token);
  return { url: `${scheme}://${reachable(host)}:${port}`, token: secret && secretValue(secret, env) };
}

const refuse = (config: string, what: string): never =>
  fail('usage', { config, what, hint: 'pass the URL with --url, or in SALLYPORT_ADMIN_URL' });

/** Returns an address of this machine instead of one that stands for all. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  const address = host === '::' ? '::1' : host;
  return isIP(address) === 6 ? `[${address}]` : address;
}

function secretValue(
  { env: variable, file }: { readonly env?: string | undefined; readonly file?: string | undefined },
  env: NodeJS.ProcessEnv,
): string | undefined {
  if (variable !== undefined) return env[variable];
  try {
    return file === undefined ? undefined : readRegularFileSync(file).toString('utf8').trimEnd();
  } catch {
    return undefined;
  }
}
