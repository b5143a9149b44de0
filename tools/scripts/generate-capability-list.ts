import { join } from 'node:path';
import {
  type Capability,
  capabilities,
  grantsSchema,
  type HostImports,
  type LaneContext,
} from '@sallyport/host/capability';
import { configJsonSchema } from '@sallyport/host/config';
import { interfaceOf } from '@sallyport/host/contract';
import { isJsonObject, type Json, type JsonObject } from '@sallyport/host/core';
import { witSource } from './wit-source.ts';

/** Generates docs/capabilities.md from the definitions of all capabilities and the contract in wit/. */
export async function capabilityList(root: string): Promise<Map<string, string>> {
  const wit = await witSource(join(root, 'wit'));
  const parts = capabilities.map(capability => section(capability, wit));
  return new Map([['docs/capabilities.md', [head, summary(), ...parts].join('\n')]]);
}

const head = `# Capabilities

<!-- Generated from host/src/capability/registry.ts and wit/; run \`pnpm generate\`. -->

A plugin has a capability if its component imports one of the interfaces, its descriptor names the capability, and the
operator grants it. If one of the three is missing, the gateway does not start (\`capability_ungranted\`) and says which
line to add. An optional capability may be left ungranted if it can answer without a grant.

A use that the grant does not cover is refused while the plugin runs. Each refusal is counted in
\`sallyport_capability_refusals_total\`, by \`plugin\`, \`capability\` and \`reason\`, and recorded in the audit trail as an event
\`capability.refused\` with the request, the refused use, and the reason. The reasons are \`not_granted\`, \`not_allowed\`
(outside the grant), \`over_limit\`, \`invalid\` (malformed) and \`shadow\` (granted, but not in shadow). The same use refused
several times in one hook call is recorded as one event with a count.

With \`grants: learn\` nothing is granted: each use is refused, counted and audited as \`not_granted\`, and recorded.
\`sallyport grants PLUGIN\` prints the smallest grants that would have allowed the recorded uses. At most 256 different uses
per capability are kept.
`;

function summary(): string {
  const rows = capabilities.map(({ name, always, risk, denied }) => {
    const without = always
      ? 'always granted'
      : denied === undefined
        ? 'refused at load'
        : 'refused at load, or answers if optional';
    return `| [\`${name}\`](#${name}) | ${without} | ${risk} |`;
  });
  return ['| capability | without a grant | risk |', '|---|---|---|', ...rows, ''].join('\n');
}

function section(capability: Capability, wit: string): string {
  const { name, always, gives, risk, example, denied, deniedBy, refuses, learning, worksInShadow } = capability;
  const grant = always
    ? ['It is granted to every plugin without a line in the configuration.']
    : [`\`${example}\``, '', ...table(grantRows(schemaOf(name)))];
  const reasons = Object.entries(refuses).map(([reason, when]) => `- \`${reason}\`: ${when}.`);
  const missing =
    denied === undefined ? 'the plugin is not loaded either' : `each call answers ${deniedBy ?? 'as refused'}`;
  return [
    `## ${name}`,
    '',
    `**Gives**: ${gives}.`,
    '',
    `**Risk**: ${risk}`,
    '',
    '**Interfaces**',
    '',
    ...interfacesOf(capability, wit),
    '',
    '**Grant**',
    '',
    ...grant,
    '',
    ...(always
      ? []
      : [`**Not granted**: a plugin that requires it is not loaded; where it is optional, ${missing}.`, '']),
    ...(always ? [] : [`**In shadow**: ${worksInShadow ? worksThere(capability) : 'each use is refused'}.`, '']),
    `**Refused while it runs**${reasons.length === 0 ? ': nothing, because the grant has no bounds.' : ', counted and audited:'}`,
    '',
    ...(reasons.length === 0 ? [] : [...reasons, '']),
    ...(learning === undefined ? [] : [`**Learning mode records**: ${learning.records}`, '']),
  ].join('\n');
}

/** Describes what a capability does for a plugin in shadow. */
function worksThere({ hear, serve }: Capability): string {
  if (hear !== undefined) return 'it answers as usual, and what it would do is discarded';
  return serve === undefined ? 'it works as usual' : 'what it writes is kept in memory, and only the plugin sees it';
}

/** Lists the functions of an interface: ours with their WIT, those of WASI by name. */
function interfacesOf(capability: Capability, wit: string): string[] {
  const provided = functionsOf(capability);
  return capability.wit.flatMap(full => {
    const name = interfaceOf(full);
    const [, body] =
      new RegExp(`^interface ${name.replace('sallyport:plugin/', '')} \\{$([\\s\\S]*?)^\\}$`, 'm').exec(wit) ?? [];
    const functions =
      body === undefined
        ? Object.keys(provided[name] ?? {})
            .map(kebab)
            .filter(each => each !== '')
        : [...body.matchAll(/^ {2}%?([a-z-]+: func\(.*);$/gm)].map(([, text = '']) => text);
    return [`- \`${full}\`: ${functions.length === 0 ? 'types' : functions.map(each => `\`${each}\``).join(', ')}`];
  });
}

/** Converts `getRandomU64` to its WIT name `get-random-u64`. */
const kebab = (name: string): string => name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`).replace(/^-/, '');

/** Returns the functions of a capability, for their names: nothing calls them. */
export const functionsOf = ({ imports, learning }: Capability): HostImports =>
  learning?.imports(() => {}, new Map()) ?? imports({}, { state: {} } as LaneContext);

/** Returns the JSON schema of a capability's grant, as the configuration has it. */
export function schemaOf(name: string): JsonObject {
  const found = find(configJsonSchema(grantsSchema), each => each.title === 'Grants');
  return members(members(found?.properties)[name]);
}

function find(value: Json | undefined, is: (object: JsonObject) => boolean): JsonObject | undefined {
  if (Array.isArray(value)) return first(value, is);
  if (!isJsonObject(value)) return undefined;
  return is(value) ? value : first(Object.values(value), is);
}

function first(values: readonly (Json | undefined)[], is: (object: JsonObject) => boolean): JsonObject | undefined {
  for (const value of values) {
    const found = find(value, is);
    if (found !== undefined) return found;
  }
  return undefined;
}

function table(rows: readonly string[]): string[] {
  if (rows.length === 0) return ['It takes no arguments.'];
  return ['| field | type | default | meaning |', '|---|---|---|---|', ...rows];
}

/** Returns a row for each field, nested objects included. */
function grantRows(schema: JsonObject, path = ''): string[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(members(schema.properties)).flatMap(([name, field]) => {
    if (!isJsonObject(field)) return [];
    const at = `${path}${name}`;
    const fallback =
      field.default === undefined
        ? required.includes(name)
          ? 'required'
          : ''
        : `\`${JSON.stringify(field.default)}\``;
    const meaning = typeof field.description === 'string' ? field.description : '';
    const row = `| \`${at}\` | ${cell(typeOf(field))} | ${cell(fallback)} | ${cell(meaning)} |`;
    return [row, ...grantRows(field, `${at}.`), ...objectsIn(field).flatMap(object => grantRows(object, `${at}[].`))];
  });
}

/** Returns the object schemas that a list may contain. */
const objectsIn = ({ items }: JsonObject): JsonObject[] =>
  isJsonObject(items) ? [items, ...alternatives(items)].filter(each => each.properties !== undefined) : [];

const alternatives = ({ anyOf }: JsonObject): JsonObject[] => (Array.isArray(anyOf) ? anyOf.filter(isJsonObject) : []);

function typeOf(schema: JsonObject): string {
  const { type, items, minimum, maximum, const: constant } = schema;
  if (constant !== undefined) return `\`${JSON.stringify(constant)}\``;
  if (type === 'array') return `list of ${isJsonObject(items) ? typeOf(items) : 'anything'}`;
  if (type === 'object') return 'object';
  if (type === 'integer' || type === 'number')
    return `${type === 'integer' ? 'whole number' : 'number'}${range(minimum, maximum)}`;
  if (type === 'string') return 'text';
  return alternatives(schema).map(typeOf).join(' or ') || 'anything';
}

const isBound = (bound: Json | undefined): bound is number =>
  typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER;

function range(least: Json | undefined, most: Json | undefined): string {
  if (isBound(least) && isBound(most)) return `, ${least} to ${most}`;
  return isBound(least) ? `, at least ${least}` : '';
}

const members = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
const cell = (text: string): string => text.replaceAll('|', '\\|');
