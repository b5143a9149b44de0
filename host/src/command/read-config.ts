import { grantsSchema } from '../capability/registry.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { visible } from '../core/visible.ts';
import { textParsers } from '../host/text-parsers.ts';

/** The configuration of a command; what is rarely meant is told on stderr. @throws Faults as loadConfig does */
export async function readConfig(file: string): Promise<Config> {
  const config = await loadConfig(file, {
    grants: grantsSchema,
    parsers: textParsers,
    warn: ({ line, column, path, message }) =>
      console.error(visible(`warning: ${file}:${line}:${column}: ${path}: ${message}`)),
  });
  if (!config.require_signed_plugins)
    console.error('warning: require_signed_plugins is false: unsigned plugins may run');
  return config;
}
