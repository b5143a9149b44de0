/** The operator's configuration: reading it, and its JSON Schemas. */

export { readConfig } from '../command/read-config.ts';
export type { Config } from '../config/config.ts';
export { configJsonSchema, pluginJsonSchema } from '../config/json-schema.ts';
export { parseListen } from '../config/listen.ts';
export { readEntry } from '../config/read-entry.ts';
export { writeYaml } from '../config/write-yaml.ts';
export { loadConfig } from '../host/load-config.ts';
