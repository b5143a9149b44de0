import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { newKey } from '@sallyport/host/command';
import { stringify } from 'yaml';

/** The callers of a gateway: what its file says about them, and the headers with which they authenticate. */
export interface Callers {
  readonly identity: object;
  /** Values of the header Authorization. */
  readonly authorizations: readonly string[];
}

const subject = 'bench';
const audience = 'bench';

/** A caller with an API key. */
export async function callersByKey(folder: string): Promise<Callers> {
  const identity = { schemes: [{ id: 'keys', api_keys: { file: join(folder, 'keys.jsonl') } }] };
  // The command reads where the keys are from the operator's file.
  const config = join(folder, 'keys.yaml');
  const others = {
    upstreams: [{ id: 'bench', http: { url: 'http://127.0.0.1:9/mcp' } }],
    bindings: [{ id: 'bench', upstreams: ['bench'], allow: [{}] }],
  };
  await writeFile(config, stringify({ identity, ...others }));
  const { key } = await newKey({ config, subject, scopes: [], expires: '1d' });
  return { identity, authorizations: [`Bearer ${key}`] };
}

/** A caller with access tokens (ES256), of a server that publishes its key until `stop`. */
export async function callersByToken(count: number, stop: AsyncDisposableStack): Promise<Callers> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'bench' }] });
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(keys);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stop.defer(() => void server.close());
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const oauth = { issuer, audience, jwks_url: `${issuer}/keys` };
  const tokens = Array.from({ length: count }, (_, number) => token(issuer, number, privateKey));
  return { identity: { schemes: [{ id: 'tokens', oauth }] }, authorizations: tokens.map(each => `Bearer ${each}`) };
}

function token(issuer: string, number: number, key: KeyObject): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: audience, sub: subject, iat: now, exp: now + 24 * 3600, jti: `${number}` };
  const signed = [{ alg: 'ES256', typ: 'at+jwt', kid: 'bench' }, claims]
    .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}
