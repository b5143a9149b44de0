import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { ConfigWarning } from '../config/load-config.ts';
import { visible } from '../core/visible.ts';
import { loadConfig } from '../host/load-config.ts';
import { lockfileOf } from '../lockfile/file.ts';
import type { ReadFiles } from './reload/read-files.ts';

interface ReadOptions {
  /** Gets every file that is read, and those that will be when the plugins are loaded. */
  readonly files?: ReadFiles;
  /** Gets the warnings, which go to stderr by default. */
  readonly warn?: (warning: ConfigWarning) => void;
}

/** Reads the configuration of a command. @throws Faults as loadConfig does */
export async function readConfig(file: string, { files, warn = printed(file) }: ReadOptions = {}): Promise<Config> {
  files?.add(file);
  files?.add(lockfileOf(file));
  const config = await loadConfig(file, { warn, reads: each => files?.add(each) });
  for (const each of config.plugins.flatMap(filesOf)) files?.add(each);
  if (!config.require_signed_plugins) {
    warn({ path: 'require_signed_plugins', message: 'it is false, so unsigned plugins may run' });
  }
  return config;
}

const printed =
  (file: string) =>
  ({ line, column, path, message }: ConfigWarning): void => {
    const place = line === undefined ? '' : `${file}:${line}:${column}: `;
    console.error(visible(`warning: ${place}${path}: ${message}`));
  };

/** Lists the files that a plugin is loaded from, if it is not in a registry. */
function filesOf({ source: { file, oci_layout: layout } }: Config['plugins'][number]): readonly string[] {
  if (file !== undefined) return [file, `${file}.sig`];
  // The name of an artifact may follow the folder of a layout.
  return layout === undefined ? [] : [join(layout.split(':', 1)[0] ?? '', 'index.json')];
}
