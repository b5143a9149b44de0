import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';

const main = join(import.meta.dirname, '../bin/sallyport.js');

const cases = {
  'by default': { given: [], env: {}, flags: ['--max-semi-space-size=8'], arenas: '1' },
  'with a flag of the operator': {
    given: ['--max_semi_space_size=32'],
    env: {},
    flags: ['--max_semi_space_size=32'],
    arenas: undefined,
  },
  'with a flag of the operator in the environment': {
    given: [],
    env: { NODE_OPTIONS: '--max-semi-space-size=32' },
    flags: [],
    arenas: undefined,
  },
  'with another allocator setting and another flag': {
    given: ['--stack-trace-limit=20'],
    env: { MALLOC_ARENA_MAX: '4' },
    flags: ['--stack-trace-limit=20', '--max-semi-space-size=8'],
    arenas: '4',
  },
};

it.each(Object.entries(cases))(
  '[RUN-130] serve limits its memory %s, in the process that was started',
  async (_, { given, env, flags, arenas }) => {
    const file = join(await temporaryFolder(), 'sallyport.yaml');
    const upstreams = [{ id: 'up', required: false, http: { url: 'http://127.0.0.1:9/mcp' } }];
    writeFileSync(
      file,
      stringify({ listen: '127.0.0.1:0', plugins: [], upstreams, bindings: [{ id: 'main', upstreams: ['up'] }] }),
    );
    const { NODE_OPTIONS: _options, MALLOC_ARENA_MAX: _arenas, ...inherited } = process.env;
    const child = spawn(process.execPath, [...given, main, 'serve', '-c', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...inherited, ...env },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let log = '';
    child.stderr.on('data', text => {
      log += text;
    });
    await expect.poll(() => log).toContain('"msg":"serving"');
    const [, ...args] = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0');
    expect(args.slice(0, args.indexOf(main))).toEqual(flags);
    expect(args.slice(args.indexOf(main) + 1, -1)).toEqual(['serve', '-c', file]);
    const environment = readFileSync(`/proc/${child.pid}/environ`, 'utf8').split('\0');
    expect(environment.find(each => each.startsWith('MALLOC_ARENA_MAX='))?.split('=')[1]).toBe(arenas);
    expect(log.split('\n').every(line => line === '' || line.startsWith('{'))).toBe(true);
  },
);
