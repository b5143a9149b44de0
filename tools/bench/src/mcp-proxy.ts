import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { end, freePort, pidOf, type Running, untilReady } from './process.ts';

/** Whether the Rust crate's program is installed. */
export function hasMcpProxy(): boolean {
  return (process.env.PATH ?? '').split(delimiter).some(folder => {
    try {
      accessSync(join(folder, 'mcp-proxy'), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Five policies of its own, each of which looks at every call and lets it pass. */
const policies = `expose_tools = ["text"]

[backends.timeout]
seconds = 30

[backends.concurrency]
max_concurrent = 1000

[backends.rate_limit]
requests = 1000000
period_seconds = 1

[backends.circuit_breaker]
failure_rate_threshold = 0.5
minimum_calls = 100
wait_duration_seconds = 30
`;

/** Starts `mcp-proxy` of crates.io in front of the upstream, with its five policies where `guarded`. */
export async function startMcpProxy(
  upstream: string,
  folder: string,
  stop: AsyncDisposableStack,
  guarded = false,
): Promise<Running> {
  const port = await freePort();
  const file = join(folder, guarded ? 'mcp-proxy-5.toml' : 'mcp-proxy.toml');
  await writeFile(
    file,
    `[proxy]
name = "bench"

[proxy.listen]
host = "127.0.0.1"
port = ${port}

[[backends]]
name = "bench"
transport = "http"
url = "${upstream}"
${guarded ? policies : ''}
[observability]
log_level = "error"
`,
  );
  const child = spawn('mcp-proxy', ['--config', file], { stdio: 'ignore' });
  stop.defer(() => end(child));
  await untilReady(`http://127.0.0.1:${port}/readyz`, child, 'mcp-proxy');
  return { url: `http://127.0.0.1:${port}/`, pid: pidOf(child) };
}
