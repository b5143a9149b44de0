import { grantsSchema } from '../capability/registry.ts';
import type { Config } from '../config/config.ts';
import { type LoadOptions, loadConfig as loadWith, readConfigObject as readWith } from '../config/load-config.ts';
import { parseReference } from '../source/reference.ts';
import { parsePublicKey } from '../verify/key.ts';
import { readOverlay } from './overlay-file.ts';

/**
 * Reads sallyport.yaml with the grants of every capability, and reads references and keys in it as loading its plugins
 * will.
 * @throws Faults, Fault `config_unreadable`
 */
export const loadConfig = (
  file: string,
  options: Pick<LoadOptions, 'env' | 'warn' | 'reads' | 'overlay'> = {},
): Promise<Config> => loadWith(file, { ...known, ...options });

/** Reads a configuration that a program has as an object, in the same way. @throws Faults */
export const readConfigObject = (
  value: object,
  folder: string,
  options: Pick<LoadOptions, 'warn' | 'mask' | 'overlay'> = {},
): Promise<Config> => readWith(value, folder, { ...known, ...options });

const known = {
  grants: grantsSchema,
  overlay: readOverlay,
  parsers: { reference: parseReference, publicKey: parsePublicKey },
};
