import { enableCompileCache } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Tests start hundreds of lanes and commands: Node compiles their source only once.
const folder = join(tmpdir(), 'sallyport-test-code');
enableCompileCache(folder);
process.env.NODE_COMPILE_CACHE = folder;
