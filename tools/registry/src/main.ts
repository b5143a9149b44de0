import { parseArgs } from 'node:util';
import { toFaults } from '@sallyport/host/core/fault';
import { startRegistry } from './start-registry.ts';

const usage = 'node tools/registry/src/main.ts --dir <folder> [--port <port>] [--host <address of this machine>]';

try {
  const { values } = parseArgs({
    options: { dir: { type: 'string' }, port: { type: 'string', default: '0' }, host: { type: 'string' } },
  });
  const port = Number(values.port);
  if (!values.dir || !Number.isInteger(port)) throw new TypeError(usage);
  const registry = await startRegistry({ directory: values.dir, port, ...(values.host && { host: values.host }) });
  process.stdout.write(`${registry.url}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void registry.close());
} catch (error) {
  if (error instanceof TypeError) {
    process.stderr.write(`${error.message}\nusage: ${usage}\n`);
    process.exitCode = 2;
  } else {
    for (const fault of toFaults(error)) {
      process.stderr.write(`${fault.message}\n  ${fault.hint}\n`);
      process.exitCode = fault.exit;
    }
  }
}
