import { type ErrorAnswer, errorAnswer } from './answer.ts';
import { sharedNumbers } from './errors.ts';

/** A plugin's block, as far as a client's error names it. */
interface Blocked {
  readonly plugin: string;
  readonly reason: string;
}

/** Answers with the error of a request that a plugin blocked. The block itself is the error's `data`. */
export const blockedAnswer = (data: Blocked): ErrorAnswer =>
  errorAnswer({
    code: sharedNumbers.plugin_blocked,
    message: `Blocked by plugin ${data.plugin}: ${data.reason}`,
    data,
  });
