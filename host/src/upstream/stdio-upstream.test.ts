import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createUpstream } from '../../../test/fixtures/create-upstream.ts';
import { everythingOverStdio } from '../../../test/fixtures/everything.ts';
import { isAlive } from '../../../test/fixtures/process-state.ts';
import { textOf, upstreamCases } from './upstream.case.ts';

const script = join(import.meta.dirname, '../../../test/fixtures/raw-stdio-server.ts');
const folder = mkdtempSync(join(tmpdir(), 'sallyport-stdio-'));
afterAll(() => rmSync(folder, { recursive: true }));

const raw = (...args: string[]) => ({ id: 'raw', stdio: { command: process.execPath, args: [script, ...args] } });

describe('over stdio', () => {
  upstreamCases({
    everything: async () => ({ id: 'everything', stdio: everythingOverStdio }),
    raw: async () => raw(),
    down: async () => {
      const file = join(folder, 'up');
      return { entry: raw('--until-exists', file), up: async () => writeFileSync(file, '') };
    },
    close: async () => {},
  });
});

const surroundings = async (env?: Record<string, string>) => {
  const { id, stdio } = raw();
  await using upstream = createUpstream({ id, stdio: { ...stdio, ...(env ? { env } : {}) } });
  const { result } = await upstream.request('tools/call', { name: 'surroundings' });
  return JSON.parse(textOf(result)) as Record<string, string>;
};

it('gives the child PATH, HOME and what the operator said, and nothing else of our environment [UP-12]', async () => {
  vi.stubEnv('SECRET_OF_THE_GATEWAY', 'x');
  const env = await surroundings({ TOKEN: 'of the operator' });
  expect(Object.keys(env).filter(name => !/^(PATH|HOME|__CF.*)$/.test(name))).toEqual(['TOKEN']);
  vi.unstubAllEnvs();
});

it('ends what the child started together with the child [UP-13]', async () => {
  const file = join(folder, 'pid');
  const upstream = createUpstream(raw('--grandchild', file));
  await upstream.start();
  const pid = Number(readFileSync(file, 'utf8'));
  expect(process.kill(pid, 0)).toBe(true);
  await upstream[Symbol.asyncDispose]();
  await expect.poll(() => isAlive(pid)).toBe(false);
});

it('names a command that does not exist', async () => {
  await using upstream = createUpstream({ id: 'gone', stdio: { command: 'no-such-command' } });
  await expect(upstream.start()).rejects.toMatchObject({
    code: 'upstream_unavailable',
    details: { command: 'no-such-command', hint: expect.stringContaining('no-such-command') },
  });
});

it('waits longer and longer before it starts a child again that keeps dying [UP-14]', async () => {
  await using upstream = createUpstream(raw('--until-exists', join(folder, 'never')));
  const codes: string[] = [];
  for (let tries = 0; tries < 6; tries += 1) {
    await upstream.start().catch(fault => codes.push(fault.code));
  }
  expect(codes.slice(0, 2)).toEqual(['upstream_closed', 'upstream_closed']);
  expect(codes.at(-1)).toBe('upstream_unavailable');
});
