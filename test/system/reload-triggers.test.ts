import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { initialize, mcpHeaders } from '../fixtures/open-gateway.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { servingProcess } from '../fixtures/serving-process.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const upstreams = [{ id: 'up', required: false, http: { url: 'http://127.0.0.1:9/mcp' } }];
const configOf = (...bindings: readonly string[]) =>
  stringify({ listen: '127.0.0.1:0', upstreams, bindings: bindings.map(id => ({ id, upstreams: ['up'] })) });

async function configured() {
  const folder = await temporaryFolder();
  const file = join(folder, 'sallyport.yaml');
  await writeFile(file, configOf('main'));
  return { folder, file };
}

/** The status of a first request to a binding. */
async function statusOf(url: string, binding: string): Promise<number> {
  const request = { method: 'POST', headers: mcpHeaders, body: JSON.stringify(initialize()) };
  const response = await fetch(`${url}/mcp/${binding}`, request);
  await response.text();
  return response.status;
}

const added = { triggers: ['files'], generation: 2, changes: ['binding second added'] };

describe('serve', () => {
  it('[RUN-140] reloads when its file is replaced, and serves the new binding', async () => {
    const { file } = await configured();
    const { lines, url } = await servingProcess(['-c', file]);
    expect(await statusOf(url, 'second')).toBe(404);
    await writeFile(`${file}.new`, configOf('main', 'second'));
    await rename(`${file}.new`, file);
    await expect.poll(() => lines(/^configuration/)).toMatchObject([added]);
    expect(await statusOf(url, 'second')).not.toBe(404);
  });

  it('[RUN-140] reloads when its ConfigMap is updated', async () => {
    const folder = join(await temporaryFolder(), 'config');
    const version = async (name: string, text: string) => {
      const file = join(folder, name, 'sallyport.yaml');
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
      // As the kubelet does: the link is made beside, and moved into place.
      await symlink(name, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    await version('..2026_11_30_1', configOf('main'));
    await symlink('..data/sallyport.yaml', join(folder, 'sallyport.yaml'));
    const { lines, url } = await servingProcess(['-c', join(folder, 'sallyport.yaml')]);
    await version('..2026_11_30_2', configOf('main', 'second'));
    await rm(join(folder, '..2026_11_30_1'), { recursive: true });
    await expect.poll(() => lines(/^configuration/)).toMatchObject([added]);
    expect(await statusOf(url, 'second')).not.toBe(404);
  });

  it('[RUN-141] keeps serving while its file is written, and reports at most one problem', async () => {
    const { file } = await configured();
    const { lines, url } = await servingProcess(['-c', file]);
    const whole = configOf('main', 'second');
    for (const part of [0.2, 0.4, 0.6, 0.8]) await writeFile(file, whole.slice(0, whole.length * part));
    await writeFile(file, `${whole.slice(0, -20)}: broken: [`);
    await expect.poll(() => lines(/^configuration not reloaded/).length).toBe(1);
    const [{ level, problems } = {}] = lines(/^configuration not reloaded/);
    expect(level).toBe(50);
    const problem = { code: 'config_invalid', file, line: expect.any(Number), hint: expect.any(String) };
    expect(problems).toContainEqual(expect.objectContaining(problem));
    expect(await statusOf(url, 'main')).not.toBe(404);
    await writeFile(file, whole);
    await expect.poll(() => lines(/^configuration reloaded/)).toMatchObject([added]);
    expect(lines(/^configuration/)).toHaveLength(2);
  });

  it('[RUN-146] reloads on SIGHUP, also with --no-watch, which watches no file', async () => {
    const { file } = await configured();
    const { child, lines, url } = await servingProcess(['-c', file, '--no-watch']);
    await writeFile(file, configOf('main', 'second'));
    child.kill('SIGHUP');
    await expect.poll(() => lines(/^configuration/)).toMatchObject([{ ...added, triggers: ['SIGHUP'] }]);
    expect(lines(/^reopened/)).toHaveLength(1);
    expect(await statusOf(url, 'second')).not.toBe(404);
    await writeFile(file, ': broken');
    child.kill('SIGHUP');
    await expect.poll(() => lines(/^configuration not reloaded/)).toMatchObject([{ triggers: ['SIGHUP'] }]);
    expect(await statusOf(url, 'second')).not.toBe(404);
    // As often as SIGHUP comes, each is answered.
    child.kill('SIGHUP');
    await expect.poll(() => lines(/^configuration not reloaded/).length).toBe(2);
  });

  it('[RUN-146] without a file only reopens its files on SIGHUP', async () => {
    await using upstream = await startRawHttpServer();
    const { child, lines, ended } = await servingProcess(['--mcp', upstream.url, '--listen', '127.0.0.1:0']);
    child.kill('SIGHUP');
    await expect.poll(() => lines(/^reopened/).length).toBe(1);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(lines(/^configuration/)).toEqual([]);
  });

  it('[RUN-143] ends in good order while it reloads', async () => {
    const { file } = await configured();
    const { child, lines, ended } = await servingProcess(['-c', file]);
    // A required server that never answers.
    const silent = { id: 'silent', stdio: { command: 'sleep', args: ['1000'] } };
    await writeFile(
      file,
      stringify({
        listen: '127.0.0.1:0',
        upstreams: [...upstreams, silent],
        bindings: [{ id: 'main', upstreams: ['up', 'silent'] }],
      }),
    );
    child.kill('SIGHUP');
    await expect.poll(() => lines(/^reopened/).length).toBe(1);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(lines(/^configuration/)).toEqual([]);
  });
});
