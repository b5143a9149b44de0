import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const template = 'tools/cli/template/rust';

/** Copies the SDK for Rust and the contract into the template, which must be whole in itself. */
export async function rustSdk(root: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const copy = async (from: string, to: string) => {
    for (const name of await readdir(join(root, from))) {
      files.set(`${template}/sallyport/${to}/${name}`, await readFile(join(root, from, name), 'utf8'));
    }
  };
  await copy('sdk/rust/src', 'src');
  await copy('wit', 'wit');
  files.set(`${template}/sallyport/Cargo.toml`, await readFile(join(root, 'sdk/rust/Cargo.toml'), 'utf8'));
  return files;
}
