import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
import { homeFolder } from '../../core/home-folder.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { readRegularFile } from '../../core/regular-file.ts';
import { isNotFound } from '../../core/system-error.ts';

/** What authenticates to a registry: a name with a password, or a token from an earlier login. */
export type Credential =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** A refresh token, for the token service. */
  | { readonly kind: 'identity'; readonly token: string }
  /** A bearer token, for the registry itself. */
  | { readonly kind: 'registry'; readonly token: string };

/** A credential and where it was found: a helper's name or an entry of config.json, never a secret. */
export type FoundCredential = Credential & { readonly from?: string };

/**
 * Looks up the credential for a registry (`host[:port]`) and one of its repositories; returns undefined if there is
 * none. Without a repository, logins for a part of the registry do not apply.
 */
export type Credentials = (registry: string, repository?: string) => Promise<FoundCredential | undefined>;

// Docker and podman write `null` for an empty value, and read it as absent.
const text = z.string().nullish();
const loginSchema = z.object({
  auth: text,
  username: text,
  password: text,
  identitytoken: text,
  registrytoken: text,
});
const configSchema = z.object({
  auths: z.record(z.string(), loginSchema.nullable()).nullish(),
  credHelpers: z.record(z.string(), text).nullish(),
  credsStore: text,
});
const helperAnswerSchema = z.object({ Username: z.string(), Secret: z.string() });

type DockerConfig = z.infer<typeof configSchema>;

/** Returns the file in which docker keeps its logins. */
export const dockerConfigFile = (environment: NodeJS.ProcessEnv): string =>
  join(environment.DOCKER_CONFIG || join(homeFolder(), '.docker'), 'config.json');

/** Docker Hub under all the names that docker, podman and their helpers keep its login by, docker's own first. */
const dockerHubNames = ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io', 'registry-1.docker.io'];

/** Returns the names under which a registry's login may be kept. A new login gets the first. */
const loginKeys = (registry: string): readonly [string, ...string[]] =>
  dockerHubNames.includes(registry) ? (dockerHubNames as [string, ...string[]]) : [registry];

/** Returns the name under which a registry's login is kept. Docker Hub's has a special name. */
export const loginKey = (registry: string): string => loginKeys(registry)[0];

/** Whether an entry of `auths` is the login of the whole registry, under whatever name. */
export const isLoginOf = (registry: string, name: string): boolean => {
  const names = loginKeys(registry);
  return names.includes(name) || names.includes(hostOfUrl(name) ?? '');
};

/** Returns the helper that keeps the login of a registry, if there is one. */
export function helperOf({ credHelpers, credsStore }: DockerConfig, registry: string): string | undefined {
  const own = loginKeys(registry).map(key => credHelpers?.[key]);
  return own.find(helper => helper) || credsStore || undefined;
}

const helperTimeoutMs = 30_000;

/**
 * Reads the logins of `docker login`, `podman login`, `skopeo login`: `config.json` in `$DOCKER_CONFIG` or `~/.docker`,
 * and the credential helpers that it names. A helper of the registry wins over `credsStore`, which wins over `auths`.
 * The most specific entry of `auths` applies (containers-auth.json(5)).
 * @throws Fault `docker_config_invalid`, `credential_helper_failed`, from the lookup
 */
export function dockerCredentials(environment: NodeJS.ProcessEnv = process.env): Credentials {
  const file = dockerConfigFile(environment);
  return async (registry, repository) => {
    const config = (await readDockerConfig(file))?.config;
    if (config === undefined) return undefined;
    const helper = helperOf(config, registry);
    const asked = helper && (await askHelper(helper, loginKey(registry), environment));
    return asked || loginOf(config, file, registry, repository);
  };
}

/**
 * Reads Docker's config.json: the known members, and the whole; returns undefined if the file does not exist.
 * @throws Fault `docker_config_invalid`
 */
export async function readDockerConfig(
  file: string,
): Promise<{ readonly config: DockerConfig; readonly whole: JsonObject } | undefined> {
  let text: string;
  try {
    text = (await readRegularFile(file)).toString('utf8');
  } catch (error) {
    if (isNotFound(error)) return undefined;
    return fail('docker_config_invalid', { file, what: fileProblem(error) }, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    // The parser's own message quotes the text, which contains passwords.
    return fail('docker_config_invalid', { file, what: 'not JSON' });
  }
  const { data, error } = configSchema.safeParse(value);
  if (data && isJsonObject(value)) return { config: data, whole: value };
  return fail('docker_config_invalid', { file, path: error?.issues[0]?.path.join('.') ?? '' });
}

function loginOf(config: DockerConfig, file: string, registry: string, repository?: string) {
  const found = entryFor(config, registry, repository);
  if (found === undefined) return undefined;
  const credential = credentialOf(found.login, () =>
    fail('docker_config_invalid', { file, path: `auths.${found.name}.auth` }),
  );
  return credential && { ...credential, from: `auths.${found.name} of ${file}` };
}

type Login = z.infer<typeof loginSchema>;

/**
 * Finds the entry for the repository itself, then for each part of its path that it is under, then for the registry,
 * then one that is a URL on the registry's host, as old versions of docker wrote them. An empty entry is ignored.
 */
function entryFor({ auths }: DockerConfig, registry: string, repository?: string) {
  const logins = Object.entries(auths ?? {}).flatMap(([name, login]) =>
    login !== null && Object.values(login).some(Boolean) ? [{ name, login }] : [],
  );
  const paths = repository?.split('/') ?? [];
  const scopes = paths.map((_, index) => `/${paths.slice(0, paths.length - index).join('/')}`);
  const names = loginKeys(registry);
  const exact = [...scopes, ''].flatMap(scope => names.map(name => `${name}${scope}`));
  const named = exact.map(key => logins.find(({ name }) => name === key)).find(entry => entry !== undefined);
  return named ?? logins.find(({ name }) => names.includes(hostOfUrl(name) ?? ''));
}

/** Returns the host of an entry that is a URL: `https://registry.example/v2/`. */
const hostOfUrl = (name: string): string | undefined => /^https?:\/\/([^/]+)/.exec(name)?.[1];

function credentialOf(login: Login, invalid: () => never): Credential | undefined {
  if (login.registrytoken) return { kind: 'registry', token: login.registrytoken };
  if (login.identitytoken) return { kind: 'identity', token: login.identitytoken };
  if (login.auth) {
    const text = Buffer.from(login.auth, 'base64').toString();
    const colon = text.indexOf(':');
    if (colon < 1) return invalid();
    return { kind: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1) };
  }
  if (login.username && typeof login.password === 'string') {
    return { kind: 'basic', username: login.username, password: login.password };
  }
  return undefined;
}

/** Runs `docker-credential-<name> get` as docker does: the host on stdin, JSON on stdout. */
async function askHelper(name: string, key: string, env: NodeJS.ProcessEnv): Promise<FoundCredential | undefined> {
  const answer = await runHelper(name, 'get', key, { registry: key, env });
  if (answer === undefined) return undefined;
  const { data } = helperAnswerSchema.safeParse(answer);
  const from = `docker-credential-${name}`;
  if (!data) return fail('credential_helper_failed', { helper: from, registry: key });
  return data.Username === '<token>'
    ? { kind: 'identity', token: data.Secret, from }
    : { kind: 'basic', username: data.Username, password: data.Secret, from };
}

/**
 * Runs a credential helper (docker-credential-helpers, § Development): `input` on stdin. Returns the JSON that it
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
    child.stdin?.on('error', () => {}); // It may end without reading; its exit code decides.
    child.stdin?.end(input);
  });
  if (error) {
    if (/credentials not found/i.test(stdout)) return undefined;
    // Neither the helper's output nor the cause is reported: it may contain a secret.
    const missing = isNotFound(error);
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
