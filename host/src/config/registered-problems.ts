import { isIP } from 'node:net';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { isLoopback } from '../core/loopback.ts';
import { createAddressCheck } from '../core/public-address.ts';
import { memberAt } from './member-at.ts';
import { definitionOf, nameOf, type OverlaidDocument, type RegisteredEntry } from './overlaid-document.ts';
import type { Path, Problem } from './problem.ts';
import { entries, listed, type Named } from './section/named.ts';
import type { ConfigPlace } from './section/plugins.ts';
import type { RegistrationRules } from './section/registration.ts';
import { secretsIn } from './section/upstream-auth.ts';
import { securityIn } from './section/upstream-openapi.ts';

/**
 * Reports what registered entries ask for that only the operator's file can give: programs and files of this machine,
 * addresses of its network, secrets, the credentials of users, and names that the file uses; and bindings without the
 * plugins that the file requires.
 */
export function registeredProblems(
  document: OverlaidDocument,
  rules: RegistrationRules,
  placeOf: ConfigPlace,
): readonly Problem[] {
  const mayReach = createAddressCheck(rules.allow_private);
  return document.registered.flatMap(registered => [
    ...collisions(document, registered, placeOf),
    ...variables(registered),
    ...(registered.list === 'bindings'
      ? bindingProblems(registered, rules)
      : upstreamProblems(registered, rules, mayReach)),
  ]);
}

/** Reports an id that an entry of the file has, or an earlier registered one. */
function collisions(document: OverlaidDocument, { list, entry, path }: RegisteredEntry, placeOf: ConfigPlace) {
  const at = { path: [...path, 'id'], message: `duplicate id: ${entry.id}` };
  const defined = definitionOf(document, placeOf, { list, id: entry.id });
  if (defined !== undefined) {
    const { file = 'the configuration', line } = defined;
    const message = `${at.message} (already in ${file}${line === undefined ? '' : `:${line}`})`;
    return [{ ...at, message, hint: `remove one: from the file, or by unregistering the ${nameOf({ list, entry })}` }];
  }
  const [first] = document.registered.filter(each => each.list === list && each.entry.id === entry.id);
  return first?.path === path ? [] : [{ ...at, hint: 'update the registered one' }];
}

/** Whether a problem is a duplicate id of a registered entry, which is reported with where the other one is. */
export const isDuplicateId = ({ registered }: OverlaidDocument, { path, message }: Problem): boolean =>
  message.startsWith('duplicate id: ') && registered.some(each => each.path.join('.') === path.join('.'));

/** Reports variables, which are replaced in the file alone. A document of an API may contain such text. */
function variables({ entry, path }: RegisteredEntry): readonly Problem[] {
  return textPaths(entry)
    .filter(({ text, path: within }) => text.includes('${') && within.slice(0, 2).join('.') !== 'openapi.document')
    .map(({ path: within }) => ({
      path: [...path, ...within],
      message: '${ is not allowed here: variables are replaced in the configuration file alone',
      hint: 'write the value itself, or use `auth` with one of the `secrets`',
    }));
}

function textPaths(value: unknown, path: Path = []): readonly { readonly text: string; readonly path: Path }[] {
  if (typeof value === 'string') return [{ text: value, path }];
  if (Array.isArray(value)) return value.flatMap((each: unknown, index) => textPaths(each, [...path, index]));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, each]) => textPaths(each, [...path, name]));
}

function bindingProblems({ entry, path }: RegisteredEntry, { plugins }: RegistrationRules): readonly Problem[] {
  const used = [...listed(entry, ['transforms']), ...listed(entry, ['policies'])].map(({ name }) => name);
  return [
    ...(entry.default === true ? [{ path: [...path, 'default'], message: defaultMessage }] : []),
    // Without a binding of the file, the first registered one would be the default.
    ...(path.at(-1) === 0 ? [{ path, message: defaultMessage, hint: 'add a binding to the file' }] : []),
    ...plugins
      .filter(plugin => !used.includes(plugin))
      .map(plugin => ({
        path,
        message: `the plugin ${plugin} is missing, which every registered binding must have`,
        hint: 'add it to `transforms` or `policies`: admin.registration.plugins of the configuration file lists it',
      })),
  ];
}

const defaultMessage = 'only the configuration file decides which binding /mcp serves';

function upstreamProblems(
  { entry, path }: RegisteredEntry,
  rules: RegistrationRules,
  mayReach: (address: string) => boolean,
): readonly Problem[] {
  const inFileOnly = (names: readonly string[], message: string): readonly Problem[] =>
    (memberAt(entry, names) ?? undefined) === undefined ? [] : [{ path: [...path, ...names], message }];
  const document = memberAt(entry, ['openapi', 'document']);
  const isFile = typeof document === 'string' && !/^https?:\/\//i.test(document);
  return [
    ...(rules.allow_stdio
      ? []
      : inFileOnly(['stdio'], 'commands cannot be registered unless admin.registration.allow_stdio is true')),
    ...(isFile
      ? [
          {
            path: [...path, 'openapi', 'document'],
            message: 'files cannot be named here: send the document, or its URL',
          },
        ]
      : []),
    ...inFileOnly(['openapi', 'allow_private'], 'only admin.registration.allow_private of the file names networks'),
    ...['token_exchange', 'authorization_code', 'client_credentials'].flatMap(kind =>
      inFileOnly(['auth', kind], `${kind} is for upstreams of the configuration file: use static here`),
    ),
    ...secretProblems(entry, path, rules),
    ...urlsIn(entry).flatMap(({ name: url, path: within }) => {
      const message = addressProblem(url, mayReach);
      return message === undefined ? [] : [{ path: [...path, ...within], message }];
    }),
  ];
}

/** Reports secrets that may not be sent wherever a registered upstream is. */
function secretProblems(entry: JsonObject, path: Path, { secrets: allowed }: RegistrationRules): readonly Problem[] {
  return [...secretsIn(entry, []), ...securityIn(entry, [])]
    .filter(({ name }) => !allowed.includes(name))
    .map(({ name, path: within }) => ({
      path: [...path, ...within],
      message: `the secret ${name} is not for registered upstreams`,
      hint: 'list it in admin.registration.secrets of the configuration file',
    }));
}

/** Lists the URLs of an upstream. */
function urlsIn(entry: JsonObject): readonly Named[] {
  const single = [
    ['http', 'url'],
    ['openapi', 'document'],
    ['openapi', 'base_url'],
  ];
  return [
    ...single.map(path => ({ name: memberAt(entry, path), path })),
    ...entries(entry, ['http', 'instances'], 'url').map(({ name, path }) => ({ name, path: [...path, 'url'] })),
    ...listed(entry, ['openapi', 'origins']),
  ].flatMap(({ name, path }) => (typeof name === 'string' ? [{ name, path }] : []));
}

/** Says why a registered upstream cannot be at this URL. What its name resolves to is checked when it is connected. */
function addressProblem(url: string, mayReach: (address: string) => boolean): string | undefined {
  const host = URL.parse(url)?.hostname.replace(/^\[|\]$/g, '') ?? '';
  const isMachine = isLoopback(host) || /(^|\.)localhost\.?$/i.test(host);
  const addresses = isIP(host) === 0 ? (isMachine ? ['127.0.0.1', '::1'] : []) : [host];
  if (addresses.length === 0 || addresses.some(mayReach)) return undefined;
  return `${host} is not a public address: list its network in admin.registration.allow_private to allow it`;
}
