import type { Config } from '../config/config.ts';
import { visible } from '../core/visible.ts';
import { loadConfig } from '../host/load-config.ts';

/** Reads the configuration of a command, and prints its warnings to stderr. @throws Faults as loadConfig does */
export async function readConfig(file: string): Promise<Config> {
  const config = await loadConfig(file, {
    warn: ({ line, column, path, message }) =>
      console.error(visible(`warning: ${file}:${line}:${column}: ${path}: ${message}`)),
  });
  if (!config.require_signed_plugins)
    console.error('warning: require_signed_plugins is false: unsigned plugins may run');
  return config;
}
