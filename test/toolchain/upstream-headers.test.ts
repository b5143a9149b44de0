import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPlugin } from '@sallyport/cli/build/build-plugin';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { descriptorOf } from '../fixtures/signed-plugin.ts';
import { itWith } from '../prerequisite.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-header-setter-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const build = async (language: string) => {
  const descriptor = descriptorOf({
    id: language,
    hooks: ['tool_pre_invoke'],
    required_capabilities: ['upstream_headers'],
  });
  const sources = join(import.meta.dirname, '../fixtures/header-setter', language);
  return (await buildPlugin({ folder: sources, descriptor, out: join(folder, `${language}.wasm`) })).bytes;
};

for (const { language, test } of [
  { language: 'javascript', test: it },
  { language: 'rust', test: itWith('wasm-ld-22') },
  { language: 'go', test: itWith('go') },
  { language: 'python', test: itWith('componentize-py') },
]) {
  test(`[CAP-104] a plugin in ${language} sets a header of the request to the upstream, and gets the error of the contract for another`, async () => {
    const seen: (readonly [method: string | undefined, value: unknown, other: unknown])[] = [];
    await using server = await startRawHttpServer({
      answer(message, _response, { headers }) {
        seen.push([message.method, headers['x-language'], headers['x-other']]);
        return false;
      },
    });
    const bytes = await build(language);
    const grants = { upstream_headers: { names: ['x-language'] } };
    await using host = await openHost([{ id: language, bytes, grants }], server.url);
    await host.call('echo', { text: 'a' });
    expect(seen.filter(([, value, other]) => value !== undefined || other !== undefined)).toEqual([
      ['tools/call', language, undefined],
    ]);
    expect(host.lines.map(({ msg }) => msg)).toContain('denied: the header x-other is not named by the grant');
  }, 600_000);
}
