import { ImportDraft } from './import-draft.ts';
import type { Imported, Text } from './imported.ts';
import { parseJsonWithComments } from './json-with-comments.ts';
import {
  type RegistryArgument,
  type RegistryInput,
  type RegistryPackage,
  type RegistryRemote,
  serverJson,
  withNamesOfToday,
} from './server-json-schema.ts';

type Runtime = (each: RegistryPackage) => { command: string; first: string[]; last: string[] };

/** How a package of each type is run: the words before and after the options of the runtime. */
const runtimes = new Map<string, Runtime>(
  Object.entries<Runtime>({
    npm: ({ identifier, version }) => ({ command: 'npx', first: ['-y'], last: [at(identifier, '@', version)] }),
    pypi: ({ identifier, version }) => ({ command: 'uvx', first: [], last: [at(identifier, '==', version)] }),
    nuget: ({ identifier, version }) => ({
      command: 'dnx',
      first: ['--yes'],
      last: [at(identifier, '@', version), '--'],
    }),
    oci: ({ identifier, version, environmentVariables }) => ({
      command: 'docker',
      first: ['run', '-i', '--rm', ...environmentVariables.flatMap(({ name }) => ['-e', name])],
      last: [/[:@][^/]*$/.test(identifier) ? identifier : at(identifier, ':', version)],
    }),
  }),
);
const at = (identifier: string, sign: string, version: string | undefined) =>
  version === undefined ? identifier : `${identifier}${sign}${version}`;

/**
 * Reads an entry of the MCP registry. Without `type`, what is reached over streamable HTTP is preferred to a package.
 * @throws Fault, Faults `import_invalid`
 */
export function importServerJson(text: string, file: string, type?: string): Imported {
  const draft = new ImportDraft(file);
  const parsed = serverJson.safeParse(withNamesOfToday(parseJsonWithComments(text, file)));
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) draft.problem(path.join('.'), message);
    return draft.finish();
  }
  const { name, status, packages, remotes } = parsed.data;
  if (status !== undefined && status !== 'active') draft.note(name, 'status', `the server is ${status}`);
  const remote = type === undefined ? remotes.find(each => each.type === 'streamable-http') : undefined;
  const runs = (each: RegistryPackage) =>
    runtimes.has(each.registryType) && (each.transport?.type ?? 'stdio') === 'stdio';
  const run = remote
    ? undefined
    : packages.find(each => runs(each) && (type ?? each.registryType) === each.registryType);
  const server = new RegistryServer(draft, name);
  if (remote !== undefined) server.addRemote(remote);
  else if (run !== undefined) server.addPackage(run);
  for (const each of remotes.filter(each => each !== remote)) {
    const why =
      each.type === 'sse' ? 'the transport HTTP+SSE is not supported' : 'the entry offers another way, which is used';
    draft.note(name, `remote ${each.url}`, why);
  }
  for (const each of packages.filter(each => each !== run)) {
    const why = runs(each)
      ? `choose it with --package ${each.registryType}`
      : `the gateway cannot start a package of type ${each.registryType} with transport ${each.transport?.type ?? 'stdio'}`;
    draft.note(name, `package ${each.identifier}`, why);
  }
  return draft.finish();
}

/** Reads one way to reach a server. */
class RegistryServer {
  readonly #draft: ImportDraft;
  readonly #name: string;
  readonly #id: string;

  constructor(draft: ImportDraft, name: string) {
    this.#draft = draft;
    this.#name = name;
    this.#id = draft.id(name.slice(name.lastIndexOf('/') + 1));
  }

  addRemote({ url, headers, variables }: RegistryRemote): void {
    const values: Record<string, Text> = {};
    let auth: { static: { secret: string; scheme: string } } | undefined;
    for (const header of headers) {
      const value = this.#input(header, `${this.#id}_${header.name}`, `header ${header.name}`);
      if (value === undefined) continue;
      const [scheme, credential, ...more] = value.length === 1 ? ['', ...value] : value;
      const isCredential = typeof scheme === 'string' && /^([A-Za-z0-9-]+ )?$/.test(scheme) && more.length === 0;
      if (header.name.toLowerCase() === 'authorization' && isCredential && typeof credential === 'object') {
        auth = { static: { secret: this.#draft.secret(this.#id, credential), scheme: scheme.trim() } };
      } else values[header.name] = value;
    }
    const address = this.#filled(url, variables, 'the URL');
    this.#draft.add({ id: this.#id, http: { url: address, headers: values }, ...(auth && { auth }) });
  }

  addPackage(entry: RegistryPackage): void {
    const runtime = runtimes.get(entry.registryType)?.(entry);
    if (runtime === undefined) return;
    const { command, first, last } = runtime;
    if (entry.runtimeHint !== undefined && entry.runtimeHint !== command) {
      this.#draft.note(this.#name, `runtimeHint ${entry.runtimeHint}`, `${command} runs it`);
    }
    if (entry.registryBaseUrl !== undefined) {
      this.#draft.note(
        this.#name,
        `registryBaseUrl ${entry.registryBaseUrl}`,
        `${command} uses the registry that it is configured for`,
      );
    }
    const env: Record<string, Text> = {};
    for (const each of entry.environmentVariables) {
      const value = this.#input(each, each.name, `env ${each.name}`);
      if (value !== undefined) env[each.name] = value;
    }
    const args = [
      ...first.map(word => [word]),
      ...entry.runtimeArguments.flatMap(each => this.#argument(each)),
      ...last.map(word => [word]),
      ...entry.packageArguments.flatMap(each => this.#argument(each)),
    ];
    this.#draft.add({ id: this.#id, stdio: { command: [command], args, env } });
  }

  /** Returns the words of an argument. */
  #argument(argument: RegistryArgument): readonly Text[] {
    const name = argument.type === 'named' ? argument.name : (argument.valueHint ?? 'argument');
    const isSwitch = argument.type === 'named' && argument.value === undefined && argument.default === undefined;
    if (isSwitch && argument.isRequired && argument.format === 'boolean') return [[name]];
    const value = this.#input(argument, name, `argument ${name}`);
    if (value === undefined) return [];
    return argument.type === 'named' ? [[name], value] : [value];
  }

  /** Returns a value that is stated or asked for; undefined if it may be absent, which is reported. */
  #input(input: RegistryInput, name: string, what: string): Text | undefined {
    if (input.value !== undefined) return this.#filled(input.value, input.variables, what);
    if (!input.isRequired && !input.isSecret && input.default === undefined) {
      this.#draft.note(this.#name, what, `it is optional${input.description ? `: ${input.description}` : ''}`);
      return undefined;
    }
    return [this.#variable(input, name, what)];
  }

  /** Replaces `{name}`. */
  #filled(text: string, variables: RegistryRemote['variables'], what: string): Text {
    const parts = text.split(/\{([\w-]+)\}/).map((part, index) => {
      if (index % 2 === 0) return part;
      const variable = variables[part];
      if (variable === undefined) return `{${part}}`;
      return variable.value ?? this.#variable({ ...variable, variables: {} }, part, what);
    });
    return parts.filter(part => part !== '');
  }

  #variable({ description, isSecret, default: preset }: RegistryInput, name: string, what: string) {
    const about = { server: this.#id, what: description ? `${what}: ${description}` : what, value: `{${name}}` };
    const usable = preset !== undefined && !isSecret && !/[{}]/.test(preset);
    return this.#draft.variable(name, { ...about, ...(usable && { default: preset }) });
  }
}
