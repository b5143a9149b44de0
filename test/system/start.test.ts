import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '../..');
const program = join(root, 'tools/start/src/main.ts');

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sallyport-start-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** Runs a command in the root of the repository, and gathers what it prints. */
function open(command: string, ...argv: string[]) {
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(command, argv, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // One that a failed test left; SIGTERM, so that it ends its own upstream.
  onTestFinished(() => void child.kill());
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  const code = once(child, 'close').then(([exit]) => exit as number);
  return { child, code, printed: () => printed };
}

const start = (...argv: string[]) =>
  open(process.execPath, program, '--port', '0', '--registry-port', '0', '--home', home, ...argv);

describe('start', () => {
  it('[RUN-50] shows both results, what was verified and what was granted', async () => {
    const { code, printed } = start('--once');
    expect({ code: await code, printed: printed() }).toMatchObject({ code: 0 });
    const lines = printed().split('\n');
    const line = (beginning: RegExp) => lines.find(each => beginning.test(each)) ?? `nothing like ${beginning}`;
    expect(line(/^Built/)).toMatch(/signed and pushed 127\.0\.0\.1:\d+\/acme\/redact-emails:0\.1\.0/);
    expect(line(/^Verified/)).toBe('Verified redact-emails 0.1.0');
    expect(line(/^ {2}component/)).toMatch(/sha256:[0-9a-f]{64}$/);
    expect(line(/^ {2}signature/)).toContain('pinned');
    expect(line(/^ {2}granted/)).toContain('only log and context');
    expect(line(/^ {2}without the plugin/)).toMatch(/Echo: write to alice@example\.com or bob@example\.org$/);
    expect(line(/^ {2}with the plugin/)).toMatch(/Echo: write to \[redacted\] or \[redacted\]$/);
  });

  it('[RUN-50] keeps its key, readable by its owner alone, and starts again where it was', async () => {
    const before = await readFile(join(home, 'signing-key.pem'), 'utf8');
    expect(await start('--once').code).toBe(0);
    expect((await stat(join(home, 'signing-key.pem'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(home, 'signing-key.pem'), 'utf8')).toBe(before);
  });

  it('[RUN-50] ends with exit code 2 when it is called wrongly', async () => {
    const { code, printed } = start('--frob');
    expect(await code).toBe(2);
    expect(printed()).toContain('pnpm start [--once]');
  });

  it('[RUN-51] serves until SIGTERM, and what it prints to try next works', async () => {
    const { child, code, printed } = start();
    while (!printed().includes('plugin --help')) {
      if (child.exitCode !== null) throw new Error(printed());
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    const commands = printed().match(/^ {2}(npx -y|bin\/sallyport) .*$/gm) ?? [];
    expect(commands).toHaveLength(3);
    for (const command of commands) {
      const [text = ''] = command.split('   (');
      if (text.includes('npx') && process.env.CI !== 'true') {
        console.warn(`${text.trim()}: skipped, for it asks the network; it is run where CI=true`);
        continue;
      }
      const tried = open('bash', '-c', text);
      expect({ code: await tried.code, command: text, printed: tried.printed() }).toMatchObject({ code: 0 });
      if (text.includes('inspector')) expect(tried.printed()).toContain('mail me at [redacted]');
    }
    child.kill('SIGTERM');
    expect(await code).toBe(0);
  });
});
