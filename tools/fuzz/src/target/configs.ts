import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '@sallyport/host/config';
import { Faults } from '@sallyport/host/core';
import { parse } from 'yaml';
import type { Value } from '../mutate/json.ts';
import { mutateYaml } from '../mutate/yaml.ts';
import { Finding, type Target } from '../target.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const guide = join(import.meta.dirname, '../../../../docs/operator-guide.md');
const secret = 'hunter2-never-to-be-told';

/** One that has nearly every kind of setting, beside those of the operator's guide. */
const full = `
listen: 127.0.0.1:0
allowed_hosts: [gateway.example.com]
require_signed_plugins: true
trust:
  keys: [{ id: acme, file: acme.pem, scopes: ['ghcr.io/acme/*'], not_after: '2030-01-01T00:00:00Z' }]
  revoked_digests: ['sha256:${'0'.repeat(64)}']
registries: [{ host: 'registry.example.com:5000', plain_http: true }]
secrets: [{ name: token, env: SECRET }]
plugins:
  - id: redact
    source: { oci: 'ghcr.io/acme/redact:1.0.0', public_key_file: ./acme.pem }
    grants: { clock: {}, outbound_http: { allow: ['https://api.example.com/v1/*'] }, secret_store: { names: [token] } }
    config: { replacement: '\${SECRET}' }
    on_error: { trap: ignore, timeout: disable }
    limits: { memory_mib: 32, timeout_ms: 100 }
upstreams:
  - { id: up, stdio: { command: ./server, args: ['\${SECRET:-none}'], env: { TOKEN: '\${SECRET}' } } }
  - { id: web, http: { url: 'https://up.example.com/mcp', headers: { authorization: 'Bearer \${SECRET}' } } }
bindings:
  - { id: main, upstreams: [up, web], transforms: [redact], default: true }
`;

/** `loadConfig`: every refusal with file and line, in no time, and without the value of a variable. */
export const target: Target = {
  name: 'configs',
  module: import.meta.url,
  extension: 'yaml',
  patience: 20_000,
  boundedRuns: 300,
  async seeds() {
    const blocks = [...(await readFile(guide, 'utf8')).matchAll(/^```yaml\n([\s\S]*?)^```$/gm)];
    return [full, ...blocks.map(([, block = '']) => block)].map(text => Buffer.from(text));
  },
  mutate: (seeds, random) =>
    Buffer.from(mutateYaml(parse(Buffer.from(random.pick(seeds)).toString(), { logLevel: 'silent' }) as Value, random)),
  async open() {
    const folder = await temporaryFolder();
    const file = join(folder.path, 'sallyport.yaml');
    await writeFile(join(folder.path, 'acme.pem'), publicKeyPem());
    return {
      async run(input) {
        await writeFile(file, input);
        try {
          await loadConfig(file, { env: { SECRET: secret } });
          return 'accepted';
        } catch (error) {
          if (error instanceof Faults) checkWords(error, file);
          throw error;
        }
      },
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  },
};

const publicKeyPem = () => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });

function checkWords({ faults }: Faults, file: string): void {
  for (const { code, details, message, hint } of faults) {
    if (`${message}${hint}${JSON.stringify(details)}`.includes(secret)) throw new Finding('tells a secret', message);
    const { line = 0, column = 0 } = details;
    if (details.file !== file || !(line >= 1) || !(column >= 1))
      throw new Finding('names no place', `${code}: ${message}`);
  }
}
