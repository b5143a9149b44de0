/**
 * Compiles the host to JavaScript with types, into host/dist, for the package that `pnpm pack` writes. Within the
 * repository nothing is built: Node runs TypeScript, except below node_modules.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const host = fileURLToPath(new URL('../../host', import.meta.url));
const dist = join(host, 'dist');
const compiler = fileURLToPath(import.meta.resolve('typescript/lib/tsc.js'));

rmSync(dist, { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [compiler, '-p', join(host, 'tsconfig.package.json')], {
  stdio: 'inherit',
});
if (status !== 0) process.exit(1);

// The compiler takes declarations that were written as such for granted.
for (const file of globSync('**/*.d.ts', { cwd: join(host, 'src') })) {
  copyFileSync(join(host, 'src', file), join(dist, file));
}

/** Replaces a pattern in the files of the package. */
function rewrite(files: string, pattern: RegExp, replacement: string): void {
  for (const file of globSync(files, { cwd: dist })) {
    const path = join(dist, file);
    const text = readFileSync(path, 'utf8');
    const rewritten = text.replace(pattern, replacement);
    if (rewritten !== text) writeFileSync(path, rewritten);
  }
}

// Programs of threads and processes, and modules that are loaded late, which the compiler leaves as they are.
rewrite('**/*.js', /(new URL\(|import\()'(\.[^']+)\.ts'/g, "$1'$2.js'");
// A program may have the DOM's types of WebAssembly or none. Modules are opaque to it.
rewrite('**/!(webassembly).d.ts', /\bWebAssembly\.\w+/g, 'object');
rmSync(join(dist, 'runtime/wasm/webassembly.d.ts'));
