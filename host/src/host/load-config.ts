import { grantsSchema } from '../capability/registry.ts';
import type { Config } from '../config/config.ts';
import { type LoadOptions, loadConfig as loadWith } from '../config/load-config.ts';
import { parseReference } from '../source/reference.ts';
import { parsePublicKey } from '../verify/key.ts';

/**
 * Reads sallyport.yaml with the grants of every capability, and reads references and keys in it as loading its plugins
 * will.
 * @throws Faults, Fault `config_unreadable`
 */
export const loadConfig = (file: string, options: Pick<LoadOptions, 'env' | 'warn'> = {}): Promise<Config> =>
  loadWith(file, {
    grants: grantsSchema,
    parsers: { reference: parseReference, publicKey: parsePublicKey },
    ...options,
  });
