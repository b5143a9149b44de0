import { stringify } from 'yaml';

/** Writes a value as YAML, with long texts on one line. */
export const writeYaml = (value: object): string => stringify(value, { lineWidth: 0 });
