/** A gateway that tells its parent what it holds. A process of its own, with `--expose-gc`. */
import { createHost } from '@sallyport/host';
import { loadConfig } from '@sallyport/host/config';
import { silentLog } from '@sallyport/host/log';
import { holdingNow } from './holding.ts';

const config = await loadConfig(process.argv[2] ?? '');
const host = await createHost(config, { log: silentLog() });
const { url } = await host.server.listen({ host: '127.0.0.1', port: 0 });

const pluginBytes = () => [...host.usage().values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);

process.on('message', (calls: number) => void holdingNow(calls, pluginBytes).then(found => process.send?.(found)));
process.on('disconnect', () => process.exit());
process.send?.(url);
