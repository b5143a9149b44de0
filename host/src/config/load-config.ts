import { dirname, resolve } from 'node:path';
import { Fault, Faults, fail } from '../core/fault.ts';
import { fileProblem } from '../core/file-problem.ts';
import { isJsonObject } from '../core/json.ts';
import { readRegularFile } from '../core/regular-file.ts';
import { SecretMask } from '../core/secret-mask.ts';
import { absolutePath } from './absolute-path.ts';
import { type Config, finishConfig, type PluginConfig } from './config.ts';
import { confineRegistered } from './confine-registered.ts';
import { type ConfigDocument, objectDocument, type PlacedProblem, readDocument } from './document.ts';
import { issueText } from './issue-text.ts';
import { readKeyFiles } from './key-file.ts';
import { memberAt } from './member-at.ts';
import { definitionOf, overlaidDocument, registeredPlace } from './overlaid-document.ts';
import { emptyOverlay, type ReadOverlay, type StoredOverlay } from './overlay.ts';
import type { Position } from './parse-yaml.ts';
import type { Path, Problem } from './problem.ts';
import { isDuplicateId, registeredProblems } from './registered-problems.ts';
import { modesInFile, modeWarnings } from './run-time-modes.ts';
import { createConfigSchema, inSections } from './schema.ts';
import { schemaProblems } from './schema-problems.ts';
import { learnSecrets } from './secret-values.ts';
import { entries } from './section/named.ts';
import type { ConfigOverride, ConfigPlace, GrantsSchema } from './section/plugins.ts';
import { registration } from './section/registration.ts';
import { refusedTexts, type TextParsers } from './stated-text.ts';

/** Something that is valid but rarely intended. A configuration that is not a file has no lines. */
export interface ConfigWarning {
  readonly line?: number;
  readonly column?: number;
  readonly path: string;
  readonly message: string;
}

export interface LoadOptions {
  readonly grants: GrantsSchema;
  /** The environment for `${NAME}`; that of the process by default. */
  readonly env?: NodeJS.ProcessEnv;
  readonly warn?: ((warning: ConfigWarning) => void) | undefined;
  /** Gets the path of each key file before it is read. */
  readonly reads?: ((file: string) => void) | undefined;
  /**
   * Parsers with which invalid references and keys are reported together with all other problems, not when they are
   * used.
   */
  readonly parsers?: TextParsers;
  /** Learns the secrets of the configuration; a mask of its own by default. */
  readonly mask?: SecretMask;
  /** Reads what was changed at run time from its file. It is called for a configuration with `admin`. */
  readonly overlay?: ReadOverlay | undefined;
}

/**
 * Reads sallyport.yaml: replaces variables, applies defaults, reads key files, and resolves paths against its folder.
 * @throws Faults of `config_invalid`, `reference_invalid`, `key_invalid`: every problem, in the order of the file, with
 * line, column, path and message
 * @throws Fault `config_unreadable`
 */
export async function loadConfig(file: string, options: LoadOptions): Promise<Config> {
  const text = await readRegularFile(file).catch(error =>
    fail('config_unreadable', { file, what: fileProblem(error) }, error),
  );
  const document = readDocument(text.toString('utf8'), options.env ?? process.env);
  return checkDocument(document, { about: { file }, folder: dirname(resolve(file)), isOpenEnded: false }, options);
}

/**
 * Reads a configuration that a program has as an object, with the members of sallyport.yaml. `${NAME}` is not replaced,
 * and lists of upstreams may be empty, because the program can register more. Without bindings there is one, `main`, with
 * all upstreams.
 * @param folder relative paths are resolved against it
 * @throws Faults as `loadConfig`, with the path of each problem
 */
export function readConfigObject(value: object, folder: string, options: LoadOptions): Promise<Config> {
  const upstreams = entries(value, ['upstreams']).map(({ name }) => name);
  const document = objectDocument({ bindings: [{ id: 'main', upstreams }], ...withDocuments(value) });
  return checkDocument(document, { about: {}, folder: resolve(folder), isOpenEnded: true }, options);
}

/** Writes out upstreams whose `openapi` is a document and nothing else. */
function withDocuments(value: object): object {
  const upstreams: unknown = memberAt(value, ['upstreams']);
  if (!Array.isArray(upstreams)) return value;
  const isDocument = (openapi: unknown) => isJsonObject(openapi) && ('openapi' in openapi || 'swagger' in openapi);
  return {
    ...value,
    upstreams: upstreams.map((each: unknown) =>
      isJsonObject(each) && isDocument(each.openapi) ? { ...each, openapi: { document: each.openapi } } : each,
    ),
  };
}

interface DocumentOrigin {
  /** What to add to each problem. */
  readonly about: { readonly file?: string };
  readonly folder: string;
  /** Whether a program adds upstreams later. */
  readonly isOpenEnded: boolean;
}

/**
 * Reads what was changed at run time, if the configuration has a management API. One whose `admin` is invalid is refused
 * for that.
 */
async function overlayOf(
  { value }: ConfigDocument,
  folder: string,
  { overlay: read }: LoadOptions,
): Promise<StoredOverlay | undefined> {
  const admin = memberAt(value, ['admin']);
  const { data } = registration.safeParse(memberAt(admin, ['registration']));
  if (read === undefined || !isJsonObject(admin) || data === undefined) return undefined;
  return read(absolutePath(folder, data.path));
}

async function checkDocument(stated: ConfigDocument, origin: DocumentOrigin, options: LoadOptions): Promise<Config> {
  const { about, folder, isOpenEnded } = origin;
  const { grants, warn, reads, parsers, mask = new SecretMask() } = options;
  const changed = await overlayOf(stated, folder, options);
  const { overlay } = changed ?? { overlay: emptyOverlay };
  const document = overlaidDocument(stated, overlay);
  const value = document.value ?? {};
  const { data, error } = createConfigSchema(grants, isOpenEnded).safeParse(value, { error: issueText });
  const plain = isJsonObject(value) ? value : {};
  const keys = await readKeyFiles(plain, folder, reads);

  const placeOf: ConfigPlace = (path, key) => {
    const whole = [...path, ...(key === undefined ? [] : [key])];
    const place = { ...about, ...document.position(path, key), path: whole.join('.') };
    return registeredPlace(document, whole) ?? place;
  };
  const placed = ({ path, key, message, hint }: Problem) => ({
    ...placeOf(path, key),
    message: document.redact(message),
    ...(hint === undefined ? {} : { hint: document.redact(hint) }),
  });
  const { data: rules } = registration.safeParse(memberAt(value, ['admin', 'registration']));
  const found = [
    ...(error ? schemaProblems(error, value, grants) : []),
    ...inSections(plain, section => section.problems?.(plain)).filter(each => !isDuplicateId(document, each)),
    ...(rules === undefined ? [] : registeredProblems(document, rules, placeOf)),
    ...keys.problems,
  ];
  const problems: readonly PlacedProblem[] =
    document.problems.length > 0 ? document.problems.map(each => ({ ...about, ...each })) : found.map(placed);
  const texts = parsers === undefined ? [] : refusedTexts(plain, keys.texts, parsers);
  const refused = [
    ...problems.map(problem => ({ at: problem, fault: new Fault('config_invalid', { ...problem }) })),
    ...texts.map(({ path, fault }) => {
      const at = placeOf(path);
      return { at, fault: fault.with({ ...at }) };
    }),
  ];
  if (!data || rules === undefined || refused.length > 0) {
    const inOrder = refused.toSorted((one, other) => orderOf(one.at, other.at));
    throw new Faults(inOrder.map(({ fault }) => fault));
  }
  const warnings = [...inSections(plain, section => section.warnings?.(plain)), ...modeWarnings(stated.value, overlay)];
  for (const { file: _, ...warning } of warnings.map(placed)) warn?.(warning);
  const config = finishConfig(data, { grants, folder, keyText: name => keys.texts.get(name) ?? '' });
  learnSecrets(mask, document.filledIn, data);
  return {
    ...config,
    plugins: pluginsOf(config, placeOf),
    upstreams: confineRegistered(config.upstreams, document, rules),
    ...(changed && {
      overlay: changed,
      withOverlay: overlay => checkDocument(stated, origin, { ...options, overlay, warn: undefined }),
    }),
    modeInFile: id => (isJsonObject(stated.value) ? modesInFile(stated.value).get(id) : undefined),
    definedAt: (list, id) => definitionOf(document, placeOf, { list, id }),
    mask,
  };
}

/** Adds to each plugin where its configuration is, and what tenants change of it. */
const pluginsOf = (config: Pick<Config, 'plugins' | 'tenants'>, placeOf: ConfigPlace): PluginConfig[] =>
  config.plugins.map((plugin, index): PluginConfig => {
    const placeIn =
      (at: Path): ConfigPlace =>
      (path, key) =>
        placeOf([...at, ...path], key);
    const overrides = config.tenants.flatMap(({ id: tenant, plugins: own }, place) =>
      own.flatMap(({ id, config: members }, entry): ConfigOverride[] => {
        const configPlace = placeIn(['tenants', place, 'plugins', entry, 'config']);
        return id === plugin.id ? [{ tenant, config: members, configPlace }] : [];
      }),
    );
    return { ...plugin, configPlace: placeIn(['plugins', index, 'config']), overrides };
  });

const orderOf = (one: Partial<Position>, other: Partial<Position>) =>
  (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0);
