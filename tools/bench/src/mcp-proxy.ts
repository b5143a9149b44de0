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

/** Starts `mcp-proxy` of crates.io in front of the upstream. */
export async function startMcpProxy(upstream: string, folder: string, stop: AsyncDisposableStack): Promise<Running> {
  const port = await freePort();
  const file = join(folder, 'mcp-proxy.toml');
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

[observability]
log_level = "error"
`,
  );
  const child = spawn('mcp-proxy', ['--config', file], { stdio: 'ignore' });
  stop.defer(() => end(child));
  await untilReady(`http://127.0.0.1:${port}/readyz`, child, 'mcp-proxy');
  return { url: `http://127.0.0.1:${port}/`, pid: pidOf(child) };
}
