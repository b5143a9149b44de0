/**
 * Signs in at whatever the gateway names, lists the tools, and calls two of them, allowed or not.
 *
 * node examples/sign-in/client.ts URL --login NAME
 */
import { parseArgs } from 'node:util';
import { connectOAuthClient } from './oauth-client.ts';

const { positionals, values } = parseArgs({ allowPositionals: true, options: { login: { type: 'string' } } });
const { login = 'ada' } = values;

const { client, keeping } = await connectOAuthClient(positionals[0] ?? '', login);
console.log(`${login} signed in at ${keeping.pages[0]?.origin}`);
const { tools } = await client.listTools();
console.log(`tools: ${tools.map(({ name }) => name).join(', ')}`);
for (const name of ['whoami', 'budget']) {
  const answer = await client.callTool({ name, arguments: {} }).then(
    ({ content }) => content.map(part => (part.type === 'text' ? part.text : part.type)).join(),
    (error: unknown) => `refused: ${error instanceof Error ? error.message : error}`,
  );
  console.log(`${name}: ${answer}`);
}
await client.close();
