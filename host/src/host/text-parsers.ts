import type { TextParsers } from '../config/stated-text.ts';
import { parseReference } from '../source/reference.ts';
import { parsePublicKey } from '../verify/key.ts';

/** Reads the references and keys of a configuration as loading its plugins will. */
export const textParsers: TextParsers = { reference: parseReference, publicKey: parsePublicKey };
