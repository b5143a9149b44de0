import type { BlockData } from '../hook/hook-chain.ts';
import { type Answer, errorAnswer } from '../mcp/answer.ts';
import { sharedNumbers } from '../mcp/errors.ts';

/** What a client is answered when a plugin blocked its request. */
export const blockedAnswer = (data: BlockData): Answer => {
  const answer = errorAnswer({
    code: sharedNumbers.plugin_blocked,
    message: `Blocked by plugin ${data.plugin}: ${data.reason}`,
    data,
  });
  blocks.set(answer, data);
  return answer;
};

/** Known by the answer itself: an upstream may send an error with the same code. */
const blocks = new WeakMap<Answer, BlockData>();

/** The block that an answer is; undefined for any other answer. */
export const blockOf = (answer: Answer): BlockData | undefined => blocks.get(answer);
