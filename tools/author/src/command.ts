import { access, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fail, toFaults } from '@sallyport/host/core/fault';
import { buildJavaScript } from './build-javascript.ts';
import { buildRust } from './build-rust.ts';
import { keygen } from './keygen.ts';
import { pushComponent } from './push-component.ts';
import { readDescriptorFile } from './read-descriptor-file.ts';
import { signComponent } from './sign-component.ts';

const contract = join(import.meta.dirname, '../../../wit');

type Values = Readonly<Record<string, string | boolean | undefined>>;
type Result = Readonly<Record<string, string | boolean>>;
interface Command {
  readonly usage: string;
  readonly options: readonly string[];
  run(positionals: readonly string[], values: Values): Promise<Result>;
}

const commands: Readonly<Record<string, Command>> = {
  keygen: {
    usage: 'keygen [--key plugin-key.pem] [--public plugin-key.pub.pem]',
    options: ['key', 'public'],
    async run(_, values) {
      const privateKey = text(values.key) ?? 'plugin-key.pem';
      const publicKey = text(values.public) ?? privateKey.replace(/(\.pem)?$/, '.pub.pem');
      const { keyId } = await keygen({ privateKey, publicKey });
      return { private_key: privateKey, public_key: publicKey, key_id: keyId };
    },
  },

  build: {
    usage: 'build FOLDER [--source FILE.js] [--out FILE.wasm]',
    options: ['source', 'out'],
    async run([folder], values) {
      const from = needed(folder, 'FOLDER');
      const descriptor = await readDescriptorFile(join(from, 'plugin.json'));
      const out = text(values.out) ?? join(from, `${descriptor.id}.wasm`);
      const common = { descriptor, witDir: contract, out };
      const source = text(values.source) ?? join(from, `${descriptor.id}.js`);
      const { length } = (await exists(join(from, 'Cargo.toml')))
        ? await buildRust({ ...common, folder: from })
        : await buildJavaScript({ ...common, source });
      return { plugin: descriptor.id, component: out, bytes: String(length) };
    },
  },

  sign: {
    usage: 'sign FILE.wasm --key FILE.pem [--descriptor plugin.json]',
    options: ['key', 'descriptor'],
    async run([file], values) {
      const component = needed(file, 'FILE.wasm');
      const key = needed(text(values.key), '--key');
      const beside = join(dirname(resolve(component)), 'plugin.json');
      const stated = text(values.descriptor) ?? ((await exists(beside)) ? beside : undefined);
      const { bytes, signature, keyId, embedded } = signComponent({
        bytes: await read(component),
        privateKeyPem: (await read(key)).toString('utf8'),
        ...(stated === undefined ? {} : { descriptor: await readDescriptorFile(stated) }),
      });
      if (embedded) {
        console.error(`${component} carried no descriptor: ${stated} is embedded now`);
        await writeFile(component, bytes);
      }
      await writeFile(`${component}.sig`, signature);
      return { component, signature: `${component}.sig`, key_id: keyId, embedded };
    },
  },

  push: {
    usage: 'push FILE.wasm REGISTRY/REPOSITORY:TAG --public FILE.pub.pem [--plain-http HOST:PORT]',
    options: ['public', 'plain-http'],
    async run([file, reference], values) {
      const component = needed(file, 'FILE.wasm');
      const to = needed(reference, 'REGISTRY/REPOSITORY:TAG');
      const plain = text(values['plain-http']);
      const digest = await pushComponent({
        component: await read(component),
        signature: await read(`${component}.sig`),
        publicKeyPem: (await read(needed(text(values.public), '--public'))).toString('utf8'),
        reference: to,
        ...(plain === undefined ? {} : { plainHttp: [plain] }),
      });
      return { reference: to, digest };
    },
  },
};

/**
 * Runs one command of a plugin's author: result on stdout, messages for people on stderr.
 * Yields the exit code: 0 fine, 1 failed, 2 wrong use, 4 plugin refused.
 */
export async function runCommand([name, ...argv]: readonly string[]): Promise<number> {
  try {
    const command = commands[name ?? ''];
    if (name === '--help' || !command) {
      const lines = Object.values(commands).map(({ usage }) => `  ${usage}\n`);
      console.error(`Commands, each with --json for machines:\n${lines.join('')}`);
      return name === '--help'
        ? 0
        : fail('usage', { command: name ?? 'none', hint: `use one of ${Object.keys(commands).join(', ')}` });
    }
    const { values, positionals } = parse(command, argv);
    const result = await command.run(positionals, values);
    const lines = Object.entries(result).map(([member, value]) => `${member}: ${value}`);
    console.log(values.json ? JSON.stringify(result) : lines.join('\n'));
    return 0;
  } catch (error) {
    const faults = toFaults(error);
    for (const fault of faults) console.error(`${fault.message}\n  ${fault.hint}`);
    return faults[0]?.exit ?? 1;
  }
}

function parse({ options, usage }: Command, argv: readonly string[]) {
  try {
    const named = Object.fromEntries(options.map(option => [option, { type: 'string' as const }]));
    return parseArgs({ args: [...argv], options: { ...named, json: { type: 'boolean' } }, allowPositionals: true });
  } catch (error) {
    return fail('usage', { what: error instanceof Error ? error.message : String(error), hint: usage }, error);
  }
}

const text = (value: string | boolean | undefined) => (typeof value === 'string' ? value : undefined);
const needed = (value: string | undefined, name: string) => value ?? fail('usage', { what: `${name} is missing` });
const read = (file: string) => readFile(file).catch(error => fail('usage', { file, what: 'cannot be read' }, error));
const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );
