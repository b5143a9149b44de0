import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DemoFolder, demo } from './demo-folder.ts';

const server = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js'));

/** Writes the demo's configuration: the plugin, referenced by tag, in front of a real MCP server over stdio. */
export async function demoConfig(folder: DemoFolder, reference: string, listen: string): Promise<string> {
  const pem = (await readFile(folder.publicKey, 'utf8')).trim().replaceAll('\n', '\n        ');
  const schema = relative(folder.home, `${demo.root}/docs/schema/sallyport.schema.json`);
  return `# yaml-language-server: $schema=${schema}
listen: ${listen}
cache_dir: ./cache
plugins:
  - id: redact-emails
    source:
      oci: ${reference}
      public_key: |
        ${pem}
    grants: {}
    config: { replacement: "[redacted]" }
upstreams:
  - id: everything
    stdio: { command: ${JSON.stringify(process.execPath)}, args: [${JSON.stringify(server)}, stdio] }
bindings:
  - id: support
    upstreams: [everything]
    transforms: [redact-emails]
  - id: raw # the same server, without the plugin
    upstreams: [everything]
`;
}
