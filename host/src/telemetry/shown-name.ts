import { cut } from '../core/cut.ts';
import type { SecretMask } from '../core/secret-mask.ts';

/** The longest name of a tool or prompt. MCP allows no longer ones. */
export const longestName = 128;

/** Returns a text of a client or server as telemetry shows it: bounded, without known secrets, and well-formed Unicode. */
export const shownName = (name: string, mask: SecretMask, longest = longestName): string =>
  mask.text(cut(name, longest).toWellFormed());
