/**
 * Starts what a gateway is between: an authorization server, and an MCP server that accepts only its tokens.
 *
 * node examples/sign-in/servers.ts --port N --upstream-url URL
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startAuthorizationServer } from './authorization-server.ts';

const options = { port: { type: 'string' }, 'upstream-url': { type: 'string' } } as const;
const { port = '0', 'upstream-url': audience = '' } = parseArgs({ options }).values;

const tenantOf = (subject: string) => (subject === 'ada' ? 'research' : 'sales');
const { issuer } = await startAuthorizationServer({ scope: 'mcp', port: Number(port), tenantOf });
console.log(`The authorization server is ${issuer}`);

const flags = [
  '--issuer',
  issuer,
  '--jwks',
  `${issuer}/jwks`,
  '--audience',
  audience,
  '--port',
  new URL(audience).port,
];
const upstream = spawn(process.execPath, [join(import.meta.dirname, 'upstream.ts'), ...flags], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
upstream.stdout.once('data', url => console.log(`serving, with the upstream at ${url}`.trim()));
upstream.once('exit', code => process.exit(code ?? 1));
