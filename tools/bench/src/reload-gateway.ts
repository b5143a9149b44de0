/** The command `serve`, which tells its parent what it holds when asked. A process of its own, with `--expose-gc`. */
import { serve } from '@sallyport/host/command';
import { holdingNow } from './holding.ts';

await serve({ config: process.argv[2] ?? '', json: false, frozen: false, allowDowngrade: false, watch: false });

process.on('message', (calls: number) => void holdingNow(calls, () => 0).then(found => process.send?.(found)));
process.on('disconnect', () => process.exit());
