import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '../core/fault.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';

/** What a registry is shown: a name with a password, or a token from an earlier login. */
export type Credential =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** A refresh token, given to the token service. */
  | { readonly kind: 'identity'; readonly token: string }
  /** A bearer token, given to the registry as it is. */
  | { readonly kind: 'registry'; readonly token: string };

/** Looks up what to show to a registry (`host[:port]`); undefined when there is nothing. */
export type Credentials = (registry: string) => Promise<Credential | undefined>;

const loginSchema = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});
const configSchema = z.object({
  auths: z.record(z.string(), loginSchema).default({}),
  credHelpers: z.record(z.string(), z.string()).default({}),
  credsStore: z.string().optional(),
});
const helperAnswerSchema = z.object({ Username: z.string(), Secret: z.string() });

type DockerConfig = z.infer<typeof configSchema>;

/** Where docker keeps its logins. */
export const dockerConfigFile = (environment: NodeJS.ProcessEnv): string =>
  join(environment.DOCKER_CONFIG || join(homedir(), '.docker'), 'config.json');

/** What a registry's login is kept under; Docker Hub's has a name of its own. */
export const loginKey = (registry: string): string =>
  registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry;

/** The helper that keeps the login of a registry, if one does. */
export const helperOf = ({ credHelpers, credsStore }: DockerConfig, registry: string): string | undefined =>
  (credHelpers[registry] ?? credsStore) || undefined;

const helperTimeoutMs = 30_000;

/**
 * The logins of `docker login`, `podman login`, `skopeo login`: `config.json` in `$DOCKER_CONFIG` or `~/.docker`, and
 * the credential helpers that it names. A helper of the registry wins over `credsStore`, which wins over `auths`.
 * @throws Fault `docker_config_invalid`, `credential_helper_failed`, from the lookup
 */
export function dockerCredentials(environment: NodeJS.ProcessEnv = process.env): Credentials {
  const file = dockerConfigFile(environment);
  return async registry => {
    const config = (await readDockerConfig(file))?.config;
    if (config === undefined) return undefined;
    const helper = helperOf(config, registry);
    const key = loginKey(registry);
    return (helper && (await askHelper(helper, key, environment))) || loginOf(config, key, file);
  };
}

/**
 * Docker's config.json: as we read it, and whole; undefined when there is none.
 * @throws Fault `docker_config_invalid`
 */
export async function readDockerConfig(
  file: string,
): Promise<{ readonly config: DockerConfig; readonly whole: JsonObject } | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return fail('docker_config_invalid', { file, what: 'cannot be read' }, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which holds passwords.
    return fail('docker_config_invalid', { file, what: 'not JSON' });
  }
  const { data, error } = configSchema.safeParse(value);
  if (data && isJsonObject(value)) return { config: data, whole: value };
  return fail('docker_config_invalid', { file, path: error?.issues[0]?.path.join('.') ?? '' });
}

function loginOf({ auths }: DockerConfig, key: string, file: string): Credential | undefined {
  const entry = Object.entries(auths).find(([name]) => name === key || hostOf(name) === key);
  if (entry === undefined) return undefined;
  const [name, login] = entry;
  if (login.registrytoken) return { kind: 'registry', token: login.registrytoken };
  if (login.identitytoken) return { kind: 'identity', token: login.identitytoken };
  if (login.auth) {
    const text = Buffer.from(login.auth, 'base64').toString();
    const colon = text.indexOf(':');
    if (colon < 1) return fail('docker_config_invalid', { file, path: `auths.${name}.auth` });
    return { kind: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1) };
  }
  if (login.username && login.password !== undefined) {
    return { kind: 'basic', username: login.username, password: login.password };
  }
  return undefined;
}

/** Old entries are URLs: `https://registry.example/v2/`. */
const hostOf = (name: string): string => name.replace(/^https?:\/\//, '').replace(/\/.*$/, '');

/** Runs `docker-credential-<name> get` as docker does: the host on stdin, JSON on stdout. */
async function askHelper(name: string, key: string, env: NodeJS.ProcessEnv): Promise<Credential | undefined> {
  const answer = await runHelper(name, 'get', key, { registry: key, env });
  if (answer === undefined) return undefined;
  const { data } = helperAnswerSchema.safeParse(answer);
  if (!data) return fail('credential_helper_failed', { helper: `docker-credential-${name}`, registry: key });
  return data.Username === '<token>'
    ? { kind: 'identity', token: data.Secret }
    : { kind: 'basic', username: data.Username, password: data.Secret };
}

/**
 * Runs a credential helper (docker-credential-helpers, § Development): `input` on stdin. Yields the JSON that it
 * answers, if it is JSON; undefined when it has no such login.
 * @throws Fault `credential_helper_failed`
 */
export async function runHelper(
  name: string,
  verb: 'get' | 'store' | 'erase',
  input: string,
  { registry, env }: { readonly registry: string; readonly env: NodeJS.ProcessEnv },
): Promise<unknown> {
  const helper = `docker-credential-${name}`;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return fail('credential_helper_failed', { helper, registry });
  const { stdout, error } = await new Promise<{ stdout: string; error: Error | null }>(resolve => {
    const child = execFile(helper, [verb], { env, timeout: helperTimeoutMs, maxBuffer: 64 * 1024 }, (error, stdout) =>
      resolve({ stdout, error }),
    );
    child.stdin?.on('error', () => {}); // It may end without reading; its exit code tells.
    child.stdin?.end(input);
  });
  if (error) {
    if (/credentials not found/i.test(stdout)) return undefined;
    // Neither the helper's output nor the cause is shown: it may hold a secret.
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return fail('credential_helper_failed', {
      helper,
      registry,
      ...(missing && { hint: `Install ${helper} on the PATH, or remove it from docker's config.json.` }),
    });
  }
  try {
    return JSON.parse(stdout);
  } catch {
    return null;
  }
}
