import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { Fault } from '../core/fault.ts';
import { masked } from '../core/masked.ts';
import { loadConfig } from './load-config.ts';

const secret = 'TopSecret-0123456789';

/** What the mask of a configuration with these settings of its upstream leaves of a text. */
async function maskOf(upstream: object, env: Record<string, string> = { T: secret }) {
  const file = join(await temporaryFolder(), 'sallyport.yaml');
  const bindings = [{ id: 'main', upstreams: ['up'] }];
  await writeFile(file, stringify({ plugins: [], upstreams: [{ id: 'up', ...upstream }], bindings }));
  const { mask } = await loadConfig(file, { grants: z.strictObject({}), env });
  return mask;
}
const url = 'http://127.0.0.1:9/mcp';

it.each([
  ['a variable in a header', { http: { url, headers: { 'x-tenant': `\${T}` } } }],
  ['a variable in a part of a header', { http: { url, headers: { 'x-tenant': `of \${T}` } } }],
  ['a token in a header that is for credentials', { http: { url, headers: { authorization: `Bearer ${secret}` } } }],
  ['a variable in the environment of a server', { stdio: { command: 'true', env: { ANY: `\${T}` } } }],
  ['a variable in the arguments of a server', { stdio: { command: 'true', args: [`--token=\${T}`] } }],
  ['a parameter of a url', { http: { url: `${url}?token=${secret}` } }],
  ['a random part of the path of a url', { http: { url: `${url}/${secret}` } }],
])('[CFG-90] masks %s', async (_, upstream) => {
  const mask = await maskOf(upstream);
  for (const text of [
    secret,
    `it said: ${secret}!`,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
  ])
    expect(mask.text(text)).not.toContain(text.slice(-8));
});

it('[CFG-90] leaves addresses, names and levels readable', async () => {
  const env = { URL: url, HOST: '127.0.0.1', LEVEL: 'info' };
  const mask = await maskOf({ http: { url: `\${URL}`, headers: { 'x-format': 'application/json' } } }, env);
  const text = `serving info at ${url} as application/json`;
  expect(mask.text(text)).toBe(text);
});

it('[CFG-90] what is thrown is told without secrets, message, details and hint', async () => {
  const mask = await maskOf({ http: { url, headers: { authorization: `Bearer \${T}` } } });
  const hint = `Headers.append: "Bearer ${secret}" is an invalid header value`;
  const work = masked(mask, async () => {
    throw new Fault('upstream_unavailable', { upstream: 'up', hint, more: [{ header: secret }] }, new Error(hint));
  });
  const thrown = await work.catch(error => error);
  expect(JSON.stringify([thrown.message, thrown.faults])).not.toContain(secret);
  expect(thrown.faults[0]).toMatchObject({ code: 'upstream_unavailable', details: { upstream: 'up' } });
  const unknown = await masked(mask, async () => {
    throw new TypeError(hint);
  }).catch(error => error);
  expect(unknown.faults[0]).toMatchObject({ code: 'internal' });
  expect(unknown.faults[0].hint).not.toContain(secret);
});
