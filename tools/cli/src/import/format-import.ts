import { basename } from 'node:path';
import { writeYaml } from '@sallyport/host/config';
import { oneLine } from '@sallyport/host/core';
import type { Imported, Text } from './imported.ts';

/** Writes the configuration of imported servers, with one binding for all of them. */
export function importedConfig({ upstreams, secrets }: Imported, origin: string): string {
  const config = {
    ...(secrets.length > 0 && { secrets }),
    upstreams: upstreams.map(({ id, stdio, http, auth }) => ({
      id,
      ...(stdio && { stdio: textsOf(stdio) }),
      ...(http && { http: { url: written(http.url), ...some('headers', http.headers) } }),
      ...(auth && { auth }),
    })),
    bindings: [{ id: 'main', upstreams: upstreams.map(({ id }) => id) }],
  };
  return `# Imported from ${oneLine(basename(origin))}\n${writeYaml(config)}`;
}

function textsOf({ command, args = [], env, cwd }: NonNullable<Imported['upstreams'][number]['stdio']>) {
  return {
    command: written(command),
    args: args.map(written),
    ...some('env', env),
    ...(cwd && { cwd: written(cwd) }),
  };
}

function some(name: string, texts: Readonly<Record<string, Text>> | undefined) {
  const entries = Object.entries(texts ?? {}).map(([key, text]) => [key, written(text)]);
  return entries.length === 0 ? {} : { [name]: Object.fromEntries(entries) };
}

/** Writes a text as `interpolate` reads it. */
const written = (text: Text): string =>
  text
    .map(part => {
      if (typeof part === 'string') return part.replaceAll('${', () => '$${');
      return part.default === undefined ? `\${${part.name}}` : `\${${part.name}:-${part.default}}`;
    })
    .join('');

/** Lists the variables to set and what was left out, for the person who imports. */
export function importReport({ variables, notes }: Imported): string {
  const needed = variables.filter(({ optional }) => !optional);
  const lines = [
    ...needed.map(({ name, server, what }) => `set ${name} in the environment of the gateway (${server}: ${what})`),
    ...variables
      .filter(({ optional }) => optional)
      .map(({ name, server, what }) => `${name} may be set in the environment of the gateway (${server}: ${what})`),
    ...notes.map(({ server, what, why }) => `left out or changed: ${server}: ${what}: ${why}`),
  ];
  return lines.map(oneLine).join('\n');
}
