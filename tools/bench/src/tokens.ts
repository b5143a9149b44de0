import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createHost, loadConfig } from '@sallyport/host';
import { silentLog } from '@sallyport/host/log';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import type { Table } from './table.ts';

/** What a model reads to use the tools of one binding, in tokens. */
export interface TokenCount {
  readonly binding: string;
  /** How many tools its list has. */
  readonly tools: number;
  /** The definitions of these tools. */
  readonly list: number;
  /** The answers of one search and one description, where tools are offered by search. */
  readonly search?: number;
  readonly describe?: number;
}

/** Serves the bindings of a configuration, and counts the tokens of their lists of tools, with the encoding o200k_base. */
export async function countToolTokens(file: string, query: string): Promise<readonly TokenCount[]> {
  const config = await loadConfig(file);
  await using host = await createHost(config, { log: silentLog() });
  const { url } = await host.server.listen({ host: '127.0.0.1', port: 0 });
  const counts: TokenCount[] = [];
  for (const { id } of config.bindings) {
    const client = new Client({ name: 'bench', version: '0.1.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp/${id}`)));
    counts.push({ binding: id, ...(await countOf(client, query)) });
    await client.close();
  }
  return counts;
}

async function countOf(client: Client, query: string): Promise<Omit<TokenCount, 'binding'>> {
  const { tools } = await client.listTools();
  const list = tools.reduce((sum, tool) => sum + countTokens(definitionOf(tool)), 0);
  if (!tools.some(({ name }) => name === 'search_tools')) return { tools: tools.length, list };
  const ask = async (name: string, args: Record<string, unknown>) =>
    JSON.stringify((await client.callTool({ name, arguments: args })).content);
  const found = await ask('search_tools', { query });
  const [, first = ''] = /\\"name\\":\\"(.*?)\\"/.exec(found) ?? [];
  const described = await ask('describe_tool', { name: first });
  return { tools: tools.length, list, search: countTokens(found), describe: countTokens(described) };
}

/** Returns what clients give a model of a tool. */
const definitionOf = ({ name, description, inputSchema }: Awaited<ReturnType<Client['listTools']>>['tools'][number]) =>
  JSON.stringify({ name, description, inputSchema });

export function tokenTable(counts: readonly TokenCount[]): Table {
  const cell = (count: number | undefined) => (count === undefined ? '–' : count.toLocaleString('en'));
  return {
    head: ['binding', 'tools listed', 'tokens of the list', 'of a search', 'of a description'],
    rows: counts.map(({ binding, tools, list, search, describe }) => [
      `\`${binding}\``,
      ...[tools, list, search, describe].map(cell),
    ]),
  };
}
