import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { capabilities, grantsSchema } from '../../host/src/capability/registry.ts';
import { loadConfig } from '../../host/src/config/load-config.ts';
import { digestOf } from '../../host/src/core/digest.ts';
import { silentLog } from '../../host/src/core/log.ts';
import { createHost } from '../../host/src/host/create-host.ts';
import { createLearner, readLearned, smallestGrants } from '../../host/src/plugin/learned-grants.ts';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { type OperatorFolder, operatorFolder } from '../fixtures/operator-folder.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

/** Says what it was answered; `time` makes it look at the clock, which stands still while it is not granted. */
const script = `
import { send } from 'sallyport:plugin/outbound-http@0.1.0';
import { nowMs } from 'sallyport:plugin/clock@0.1.0';
const ask = ({ method, url }) => {
  try { return String(send({ method, url, headers: [['authorization', 'Bearer s3cret']], body: undefined }).status); }
  catch (error) { return error.payload?.tag ?? String(error); }
};
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(context, request) {
    const args = JSON.parse(request.val.arguments);
    const reason = args.time ? String(nowMs() > 0n) : ask(args);
    return { tag: 'block', val: { code: 'SAID', reason, description: '' } };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = await jsGuest(guestDescriptor('asks', { required_capabilities: ['outbound_http', 'clock'] }), script);
});

async function folderWith(grants: unknown, upstreamUrl: string): Promise<OperatorFolder> {
  const operator = await operatorFolder({
    cache_dir: await temporaryFolder(),
    upstreams: [{ id: 'upstream', http: { url: upstreamUrl } }],
  });
  await writeFile(join(operator.folder, 'asks.wasm'), bytes);
  await writeFile(join(operator.folder, 'asks.wasm.sig'), operator.keys.acme.sign(bytes).signature);
  await operator.configure([{ id: 'asks', grants }]);
  return operator;
}

/** Serves while `work` calls the tool `echo`. */
async function serving(
  { file }: OperatorFolder,
  work: (said: (args: Record<string, unknown>) => Promise<string>) => Promise<void>,
) {
  await using host = await createHost(await loadConfig(file, { grants: grantsSchema }), { log: silentLog() });
  const { url } = await host.server.listen({ host: '127.0.0.1', port: 0 });
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
  const said = async (args: Record<string, unknown>) => {
    try {
      return JSON.stringify(await client.callTool({ name: 'echo', arguments: args }));
    } catch (error) {
      const { message, data } = error as { message: string; data?: unknown };
      return `${message} ${JSON.stringify(data)}`;
    }
  };
  await work(said);
  await client.close();
}

describe('a plugin with `grants: learn`', () => {
  it('[RUN-46] is granted nothing, and what it was refused is told as the smallest grant, which then lets it through', async () => {
    await using upstream = await startRawHttpServer({ name: 'upstream' });
    const operator = await folderWith('learn', upstream.url);
    expect((await operator.run('grants', 'asks')).stdout).toContain('nothing was recorded');
    const origin = new URL(upstream.url).origin;

    await serving(operator, async said => {
      expect(await said({ method: 'GET', url: `${origin}/a/b?token=s3cret` })).toContain('denied');
      expect(await said({ method: 'GET', url: `${origin}/a/b` })).toContain('denied');
      expect(await said({ method: 'POST', url: `${origin}/c` })).toContain('denied');
      const ended = await said({ time: true });
      expect(ended).toContain('false');
    });

    const { stdout } = await operator.run('grants', 'asks');
    expect(stdout).toContain('granted to asks now, while it is learning: {}');
    expect(stdout).not.toContain('s3cret');
    const { grants } = parse(stdout);
    expect(grants).toEqual({
      clock: { resolution_ms: 60_000 },
      outbound_http: {
        allow: [`${origin}/a/b`, `${origin}/c`],
        methods: ['GET', 'POST'],
        allow_private: ['127.0.0.1/32'],
      },
    });
    const json = JSON.parse((await operator.run('grants', 'asks', '--json')).stdout);
    expect(json).toMatchObject({ plugin: 'asks', learning: true, granted: {}, grants });

    await operator.configure([{ id: 'asks', grants }]);
    await serving(operator, async said => {
      expect(await said({ method: 'GET', url: `${origin}/a/b` })).not.toContain('denied');
      expect(await said({ method: 'GET', url: `${origin}/other` })).toContain('denied');
      expect(await said({ time: true })).toContain('true');
    });
  });

  it.each([
    { argv: ['grants'], says: 'missing' },
    { argv: ['grants', 'nobody'], says: 'asks' },
    { argv: ['grants', 'asks', 'more'], says: 'more' },
  ])('[RUN-04] $argv is wrong use', async ({ argv, says }) => {
    const operator = await folderWith({}, 'http://127.0.0.1:1/mcp');
    expect(await operator.run(...argv)).toMatchObject({ code: 2, stderr: expect.stringContaining(says) });
  });
});

describe('what is recorded of a plugin', () => {
  const digest = digestOf(Uint8Array.of(1));

  it('[RUN-47] is bounded, each use once, and nothing that a lane may not say', async () => {
    const cache = await temporaryFolder();
    {
      await using learner = createLearner(cache, silentLog());
      await learner.begin('p', digest, ['outbound_http']);
      for (let n = 0; n < 1000; n += 1) learner.refused('p', 'outbound_http', JSON.stringify({ n: n % 500 }));
      learner.refused('p', 'clock', '{}');
      learner.refused('q', 'outbound_http', '{}');
      learner.refused('p', 'outbound_http', 'no JSON');
      learner.refused('p', 'outbound_http', JSON.stringify('x'.repeat(5000)));
    }
    const learned = await readLearned(cache, 'p');
    expect(Object.keys(learned?.uses ?? {})).toEqual(['outbound_http']);
    expect(learned?.uses.outbound_http).toHaveLength(256);
    expect(await readLearned(cache, 'q')).toBeUndefined();
  });

  it('[RUN-47] is kept over a restart, begun anew for another component, and none when the file is damaged', async () => {
    const cache = await temporaryFolder();
    const restart = async (of: typeof digest, need?: string) => {
      await using learner = createLearner(cache, silentLog());
      await learner.begin('p', of, ['outbound_http']);
      if (need !== undefined) learner.refused('p', 'outbound_http', need);
    };
    const uses = async () => (await readLearned(cache, 'p'))?.uses.outbound_http;
    await restart(digest, '1');
    await restart(digest, '2');
    expect(await uses()).toEqual([1, 2]);
    await restart(digestOf(Uint8Array.of(2)));
    expect(await uses()).toEqual([]);
    await writeFile(join(cache, 'learned/p.json'), '{');
    expect(await uses()).toBeUndefined();
    await restart(digest, '3');
    expect(await uses()).toEqual([3]);
  });

  it.each([
    {
      what: 'a place that is no URL',
      needs: [{ method: 'GET', url: 'not an http or https URL' }],
      grant: { allow: [], methods: [] },
    },
    {
      what: 'a path that a rule would read as more',
      needs: [{ method: 'GET', url: 'https://a.example/x/*' }],
      grant: { allow: ['https://a.example'], methods: ['GET'] },
    },
    { what: 'what is no need', needs: [7, null, { url: 3 }], grant: { allow: [], methods: [] } },
    {
      what: 'a method that nobody can grant',
      needs: [{ method: 'CONNECT', url: 'https://a.example/' }],
      grant: { allow: [], methods: [] },
    },
  ])('[RUN-46] $what grants no more than it must', ({ needs, grant }) => {
    const learned = { plugin: 'p', digest, uses: { outbound_http: needs } };
    expect(smallestGrants(learned, capabilities)).toEqual({ outbound_http: grant });
  });
});
