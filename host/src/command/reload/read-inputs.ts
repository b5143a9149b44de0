import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { ConfigWarning } from '../../config/load-config.ts';
import { type Log, silentLog } from '../../core/log.ts';
import { loadConfig } from '../../host/load-config.ts';
import type { Lock } from '../../lockfile/check-pins.ts';
import { lockfileOf } from '../../lockfile/file.ts';
import type { StartCommand } from '../command.ts';
import { openLock } from '../open-lock.ts';
import type { ReadFiles } from './read-files.ts';

/** What a gateway is made from. */
export interface Inputs {
  readonly config: Config;
  readonly lock: Lock;
}

export interface InputsContext {
  /** Gets every file that is read, or will be when the plugins are loaded. */
  readonly files: ReadFiles;
  readonly warn: (warning: ConfigWarning) => void;
  /** Returns where to log what the lockfile leaves open. */
  readonly logOf?: (config: Config) => Log;
}

/** Reads the configuration and the lockfile beside it. @throws Faults as loadConfig and openLock do */
export async function readInputs(
  command: StartCommand,
  { files, warn, logOf = silentLog }: InputsContext,
): Promise<Inputs> {
  files.add(command.config);
  files.add(lockfileOf(command.config));
  const config = await loadConfig(command.config, { warn, reads: file => files.add(file) });
  for (const file of config.plugins.flatMap(filesOf)) files.add(file);
  return { config, lock: await openLock(command, config, logOf(config)) };
}

/** Lists the files that a plugin is loaded from, if it is not in a registry. */
function filesOf({ source: { file, oci_layout: layout } }: Config['plugins'][number]): readonly string[] {
  if (file !== undefined) return [file, `${file}.sig`];
  // The name of an artifact may follow the folder of a layout.
  return layout === undefined ? [] : [join(layout.split(':', 1)[0] ?? '', 'index.json')];
}
