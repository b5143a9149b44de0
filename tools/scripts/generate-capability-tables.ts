import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Capability, capabilities, type HostImports } from '@sallyport/host/capability';
import { functionsOf, schemaOf } from './generate-capability-list.ts';

/** Parts of documents that are derived from the registry of capabilities, by file and by the name in their markers. */
const parts: Readonly<Record<string, { readonly name: string; readonly lines: () => readonly string[] }>> = {
  'docs/operator-guide.md': { name: 'grants', lines: grantsTable },
  'docs/plugin-guide.md': { name: 'for authors', lines: authorsTable },
  'docs/security.md': { name: 'functions', lines: functionsBlock },
};

/** Generates the tables of capabilities in the guides, between their markers. Returns paths and texts. */
export async function capabilityTables(root: string): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const [path, { name, lines }] of Object.entries(parts)) {
    const begin = `<!-- capabilities, ${name}: generated from the registry; run \`pnpm generate\` -->`;
    const end = `<!-- end of capabilities, ${name} -->`;
    const text = await readFile(join(root, path), 'utf8');
    const [before, rest = ''] = text.split(`${begin}\n`);
    const [, after] = rest.split(end);
    if (after === undefined) throw new Error(`${path}: expected the lines ${begin} and ${end}`);
    texts.set(path, [before, begin, '\n', ...lines().map(line => `${line}\n`), end, after].join(''));
  }
  return texts;
}

const granted = (): readonly Capability[] => capabilities.filter(({ always }) => always !== true);

function grantsTable(): readonly string[] {
  const rows = granted().map(({ name, risk }) => {
    const { properties, required } = schemaOf(name);
    const names = Object.keys(properties ?? {});
    const isRequired = (each: string) => Array.isArray(required) && required.includes(each);
    const sorted = [...names.filter(isRequired), ...names.filter(each => !isRequired(each))];
    const fields = sorted.map(each => `\`${each}\`${isRequired(each) ? ' (required)' : ''}`);
    return `| [\`${name}\`](capabilities.md#${name}) | ${fields.join(', ')} | ${risk} |`;
  });
  return ['', '| grant | arguments | risk |', '|---|---|---|', ...rows, ''];
}

function authorsTable(): readonly string[] {
  const rows = granted().map(({ name, wit, gives }) => {
    const ours = wit.flatMap(each => /^sallyport:plugin\/(.+)@/.exec(each)?.[1] ?? []);
    return `| [\`${name}\`](capabilities.md#${name}) | ${ours.map(each => `\`${each}\``).join(', ')} | ${gives} |`;
  });
  return ['', '| name | interface of sallyport:plugin | gives |', '|---|---|---|', ...rows, ''];
}

/** The functions and resources of each interface, as the glue of a component gets them. */
function functionsBlock(): readonly string[] {
  // One interface may be provided by two capabilities: the later one replaces it for guests that have both.
  const provided: HostImports = Object.assign({}, ...capabilities.map(functionsOf));
  const lines = Object.entries(provided).map(([name, functions]) => wrapped([`${name}:`, ...Object.keys(functions)]));
  return ['<!-- reachable: functions -->', '```text', ...lines, '```'];
}

/** Wraps words into lines of at most 118 characters, all but the first indented. */
function wrapped(words: readonly string[]): string {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= 118) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${lines.length === 0 ? '' : '  '}${word}`);
  }
  return lines.join('\n');
}
