import { canBeginWith } from '../core/glob.ts';
import { isJsonObject } from '../core/json.ts';
import { isLoopback } from '../core/loopback.ts';
import { nearest } from '../core/nearest.ts';
import { parseListen } from './listen.ts';
import { memberAt } from './member-at.ts';
import type { Problem } from './problem.ts';

/** A name that stands somewhere in the file. */
interface Named {
  readonly name: string;
  readonly path: readonly PropertyKey[];
}

/**
 * What no single entry shows: names twice, names of nothing, two defaults, an open address without allowed hosts.
 * Takes the file as it was read, right or wrong in form, so that these problems are told together with all others.
 */
export function crossCheck(value: unknown): readonly Problem[] {
  if (!isJsonObject(value)) return [];
  const { plugins, upstreams, bindings } = sections(value);
  const secrets = entries(value, 'secrets', 'name');
  const perBinding = bindings.flatMap(({ path }) => [
    { known: upstreams, used: listed(value, [...path, 'upstreams']), what: 'upstream' },
    { known: plugins, used: listed(value, [...path, 'transforms']), what: 'plugin' },
  ]);
  return [
    ...[
      plugins,
      upstreams,
      bindings,
      entries(value, 'registries', 'host'),
      secrets,
      entries(memberAt(value, ['trust']), 'keys', 'id', ['trust']),
    ].flatMap(twice),
    ...perBinding.flatMap(({ used }) => twice(used)),
    ...perBinding.flatMap(({ known, used, what }) => unknown(known, used, what)),
    ...plugins.flatMap(({ path }) => unknown(secrets, secretsUsed(value, path), 'secret')),
    ...defaults(value, bindings),
    ...openAddress(value),
  ];
}

/** Plugins that no binding names: nothing is wrong with it, and yet it is rarely meant. */
export function unusedPlugins(value: unknown): readonly Problem[] {
  if (!isJsonObject(value)) return [];
  const { plugins, bindings } = sections(value);
  const used = new Set(bindings.flatMap(({ path }) => listed(value, [...path, 'transforms'])).map(({ name }) => name));
  return plugins
    .filter(({ name }) => !used.has(name))
    .map(({ name, path }) => ({ path, message: `no binding names the plugin ${name} in its transforms` }));
}

/**
 * Tools that a grant of `tool_call` names and no binding of the plugin can have: behind several upstreams a name begins
 * with the id of one. Behind a single upstream any name may be a tool's, and only the upstream knows.
 */
export function unreachableTools(value: unknown): readonly Problem[] {
  if (!isJsonObject(value)) return [];
  const { plugins, bindings } = sections(value);
  return plugins.flatMap(({ name: plugin, path }) => {
    const upstreams = bindings
      .filter(binding => listed(value, [...binding.path, 'transforms']).some(({ name }) => name === plugin))
      .map(binding => listed(value, [...binding.path, 'upstreams']).map(({ name }) => `${name}__`));
    if (upstreams.length === 0 || upstreams.some(prefixes => prefixes.length < 2)) return [];
    const prefixes = [...new Set(upstreams.flat())];
    return listed(value, [...path, 'grants', 'tool_call', 'tools'])
      .filter(({ name }) => !prefixes.some(prefix => canBeginWith(name, prefix)))
      .map(tool => ({
        path: tool.path,
        message: `no tool of a binding with the plugin ${plugin} can be named ${tool.name}`,
        hint: `behind several upstreams names begin with ${prefixes.join(', ')}`,
      }));
  });
}

/** Characters that widely used models take for the name of a tool, and those that most names need. */
const toolName = { most: 64, needed: 32 };

/** Ids of upstreams that leave, behind several upstreams, too little room for the names of tools. */
export function longPrefixes(value: unknown): readonly Problem[] {
  if (!isJsonObject(value)) return [];
  const { upstreams, bindings } = sections(value);
  const prefixed = new Set(
    bindings
      .map(({ path }) => listed(value, [...path, 'upstreams']))
      .filter(names => names.length > 1)
      .flatMap(names => names.map(({ name }) => name)),
  );
  return upstreams.flatMap(({ name, path }) => {
    const room = toolName.most - `${name}__`.length;
    if (room >= toolName.needed || !prefixed.has(name)) return [];
    const left =
      room > 0 ? `which leaves ${room} of the ${toolName.most} characters` : `which are all ${toolName.most}`;
    const message = `names of its tools begin with ${name}__ behind several upstreams, ${left} that many models take`;
    return [{ path: [...path, 'id'], message, hint: 'give it a shorter id' }];
  });
}

const sections = (value: unknown) => ({
  plugins: entries(value, 'plugins', 'id'),
  upstreams: entries(value, 'upstreams', 'id'),
  bindings: entries(value, 'bindings', 'id'),
});

/** The members `name` of the entries of the list `section`. An entry without one has an empty name. */
function entries(value: unknown, section: string, name: string, within: readonly PropertyKey[] = []): readonly Named[] {
  const list = memberAt(value, [section]);
  if (!Array.isArray(list)) return [];
  return list.map((entry, index) => {
    const text = memberAt(entry, [name]);
    return { name: typeof text === 'string' ? text : '', path: [...within, section, index] };
  });
}

/** The strings of a list. */
function listed(value: unknown, path: readonly PropertyKey[]): readonly Named[] {
  const list = memberAt(value, path);
  if (!Array.isArray(list)) return [];
  return list.flatMap((name, index) => (typeof name === 'string' ? [{ name, path: [...path, index] }] : []));
}

/** Secrets that the grants of a plugin name. */
function secretsUsed(value: unknown, plugin: readonly PropertyKey[]): readonly Named[] {
  const path = [...plugin, 'grants', 'secret_store'];
  const references = memberAt(value, [...path, 'references']);
  const byReference = Array.isArray(references)
    ? references.flatMap((each, index) => {
        const name = memberAt(each, ['name']);
        return typeof name === 'string' ? [{ name, path: [...path, 'references', index, 'name'] }] : [];
      })
    : [];
  return [...listed(value, [...path, 'names']), ...byReference];
}

function twice(all: readonly Named[]): readonly Problem[] {
  return all.flatMap(({ name, path }, index) =>
    name !== '' && all.slice(0, index).some(other => other.name === name)
      ? [{ path, message: `duplicate id: ${name}`, hint: 'rename one of the two, or leave it out' }]
      : [],
  );
}

function unknown(known: readonly Named[], used: readonly Named[], what: string): readonly Problem[] {
  const names = known.map(({ name }) => name).filter(name => name !== '');
  return used
    .filter(({ name }) => !names.includes(name))
    .map(({ name, path }) => {
      const meant = nearest(name, names);
      const hint = meant ? `did you mean ${meant}?` : `known ${what}s: ${names.join(', ') || 'none'}`;
      return { path, message: `there is no ${what} ${name}`, hint };
    });
}

function defaults(value: unknown, bindings: readonly Named[]): readonly Problem[] {
  return bindings
    .filter(({ path }) => memberAt(value, [...path, 'default']) === true)
    .slice(1)
    .map(({ path }) => ({
      path: [...path, 'default'],
      message: 'another binding is the default already',
      hint: 'leave `default: true` with the one that /mcp is to serve',
    }));
}

function openAddress(value: unknown): readonly Problem[] {
  const listen = memberAt(value, ['listen']);
  const address = typeof listen === 'string' ? parseListen(listen) : undefined;
  const hosts = memberAt(value, ['allowed_hosts']);
  // What is there and is no list is told by the schema.
  const isMissing = hosts === undefined || hosts === null || (Array.isArray(hosts) && hosts.length === 0);
  if (address === undefined || isLoopback(address.host) || !isMissing) return [];
  const message = 'other machines can reach this address, and no allowed_hosts are stated';
  return [
    { path: ['listen'], message, hint: 'add `allowed_hosts: [the name that clients use]`, or listen on 127.0.0.1' },
  ];
}
