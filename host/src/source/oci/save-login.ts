import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeDurably } from '../../core/durable-file.ts';
import { fail } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { makeFolder } from '../../core/make-folder.ts';
import { createAuthorizer } from './authorizer.ts';
import { dockerConfigFile, helperOf, isLoginOf, loginKey, readDockerConfig, runHelper } from './find-login.ts';
import { type AddressPolicy, registryUrl } from './registry-address.ts';
import { defaultPatience, withRetries } from './retry.ts';
import { createTransport } from './transport.ts';

/** A name and a password, or a token instead of the password. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/**
 * Asks a registry whether it accepts a login (OCI distribution spec, § Determining Support).
 * @throws Fault `registry_denied`, `registry_answer`, `token_refused`, and those of every call of OciClient
 */
export async function checkLogin(
  registry: string,
  login: Login,
  policy: AddressPolicy,
  signal?: AbortSignal,
): Promise<void> {
  const url = registryUrl(registry, policy);
  const credentials = async () => ({ kind: 'basic', ...login }) as const;
  const authorizer = createAuthorizer({ registry, url, credentials, ...policy });
  const transport = createTransport({ url, authorizer, patience: defaultPatience, ...policy });
  const call = { method: 'GET', url: new URL('/v2/', url), scope: '', reference: registry } as const;
  const status = await withRetries(
    () => transport(call, async answer => answer.status, signal),
    defaultPatience,
    { reference: registry },
    signal,
  );
  if (status === 401 || status === 403) {
    fail('registry_denied', { registry, username: login.username, status, hint: 'Check the name and the password.' });
  }
  if (status !== 200) fail('registry_answer', { registry, status });
}

/**
 * Keeps a login where docker, podman and skopeo find it: with the credential helper that config.json names for the
 * registry, or else in config.json itself, readable by its owner alone. Returns who keeps it: the helper, or the file.
 * @throws Fault `docker_config_invalid`, `credential_helper_failed`, `docker_config_unwritable`
 */
export async function storeLogin(registry: string, login: Login, env: NodeJS.ProcessEnv): Promise<string> {
  const file = dockerConfigFile(env);
  const held = await readDockerConfig(file);
  const key = loginKey(registry);
  const helper = held && helperOf(held.config, registry);
  if (helper) {
    const input = JSON.stringify({ ServerURL: key, Username: login.username, Secret: login.password });
    await runHelper(helper, 'store', input, { registry, env });
    return `docker-credential-${helper}`;
  }
  const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  await write(file, { ...held?.whole, auths: { ...authsOf(held?.whole), [key]: { auth } } });
  return file;
}

/** Removes a login, wherever it is stored. Returns whether there was one. @throws Fault, as storeLogin */
export async function eraseLogin(registry: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const file = dockerConfigFile(env);
  const held = await readDockerConfig(file);
  if (!held) return false;
  const key = loginKey(registry);
  const helper = helperOf(held.config, registry);
  const known = helper ? (await runHelper(helper, 'get', key, { registry, env })) !== undefined : false;
  if (helper && known) await runHelper(helper, 'erase', key, { registry, env });
  const all = Object.entries(authsOf(held.whole));
  const others = all.filter(([name]) => !isLoginOf(registry, name));
  if (others.length < all.length) await write(file, { ...held.whole, auths: Object.fromEntries(others) });
  return known || others.length < all.length;
}

const authsOf = (whole: JsonObject | undefined): JsonObject => (isJsonObject(whole?.auths) ? whole.auths : {});

async function write(file: string, content: JsonObject): Promise<void> {
  try {
    await makeFolder(dirname(file), 0o700);
    const target = await realpath(file).catch(() => file); // A link stays a link.
    const bytes = Buffer.from(`${JSON.stringify(content, null, '\t')}\n`);
    await writeDurably(target, bytes, dirname(target), 0o600);
  } catch (error) {
    return fail('docker_config_unwritable', { file, what: fileProblem(error) }, error);
  }
}
