import type { Config } from '../config/config.ts';
import { parseListen } from '../config/listen.ts';
import { fail } from '../core/fault.ts';
import { isLoopback } from '../core/loopback.ts';
import { readConfigObject } from '../host/load-config.ts';

/** The upstream of a gateway without a configuration file. */
export interface AssumedUpstream {
  /** An OpenAPI document: a file or a URL. */
  readonly openapi?: string | undefined;
  /** The URL of the API, instead of the servers of the document. */
  readonly baseUrl?: string | undefined;
  /** A command that speaks MCP over stdio, or the URL of an MCP server. */
  readonly mcp?: string | undefined;
  /** Where the gateway listens, on loopback. */
  readonly listen?: string | undefined;
}

/**
 * Returns the configuration of a gateway with these upstreams in its default binding. Everything else has its default,
 * so there are no plugins and no authentication, and it may listen on loopback only.
 * @throws Fault `usage`, Faults of `config_invalid`
 */
export function assumedConfig({ openapi, baseUrl, mcp, listen }: AssumedUpstream): Promise<Config> {
  if (baseUrl !== undefined && openapi === undefined)
    fail('usage', { option: '--base-url', hint: 'it needs --openapi' });
  if (openapi === undefined && mcp === undefined) fail('usage', { hint: '--listen needs --openapi or --mcp' });
  if (listen !== undefined && !isLoopback(parseListen(listen)?.host ?? '')) {
    fail('usage', { option: '--listen', hint: 'without a configuration file the gateway listens on loopback only' });
  }
  const upstreams = [
    ...(openapi === undefined
      ? []
      : [{ id: 'api', openapi: { document: openapi, ...(baseUrl !== undefined && { base_url: baseUrl }) } }]),
    ...(mcp === undefined ? [] : [{ id: 'mcp', ...serverOf(mcp) }]),
  ];
  const bindings = [{ id: 'main', upstreams: upstreams.map(({ id }) => id) }];
  return readConfigObject({ ...(listen !== undefined && { listen }), upstreams, bindings }, process.cwd());
}

/** Reads the text of `--mcp`: a URL, or a command whose words may be quoted. No shell sees it. */
function serverOf(text: string): object {
  if (/^https?:\/\//i.test(text)) return { http: { url: text } };
  const words = [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, one, two, three]) => one ?? two ?? three ?? '',
  );
  const [command, ...args] = words;
  if (command === undefined) fail('usage', { option: '--mcp', hint: 'expected a command or a URL' });
  return { stdio: { command, args } };
}
