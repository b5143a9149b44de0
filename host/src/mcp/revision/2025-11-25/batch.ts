import { cut } from '../../../core/cut.ts';
import { fail } from '../../../core/fault.ts';
import type { Json } from '../../../core/json.ts';
import type { MaybePromise } from '../../../core/maybe-promise.ts';
import { idOf, longestName, type Message, toMessage } from '../../message.ts';
import type { NotificationStream, Reply } from '../reply.ts';
import type { Exchange } from '../revision.ts';

/** The maximum number of messages in a batch. */
const most = 50;
/**
 * The maximum total length of the answers, which wait for the last of them. A single one, and short ones, always fit.
 */
const longest = { all: 32 * 1024 * 1024, short: 64 * 1024 };

/**
 * Answers a batch: handles its messages concurrently and returns their answers in one list (JSON-RPC 2.0 § 6). An
 * invalid message fails on its own.
 * @param status of the HTTP response, unless there is nothing to answer
 * @throws Fault `message_invalid` for an empty batch, `batch_refused` for one that is too long
 */
export async function answerBatch(
  exchange: Exchange,
  messages: readonly Json[],
  handle: (exchange: Exchange, message: Message) => MaybePromise<void>,
  status = 200,
): Promise<void> {
  if (messages.length === 0) fail('message_invalid', { hint: 'The body is an empty batch.' });
  if (messages.length > most) fail('batch_refused', { hint: `Send at most ${most} messages in a batch.` });
  let kept = 0;
  const keep = (characters: number) => {
    if (characters > longest.short && kept > 0 && kept + characters > longest.all) {
      fail('overloaded', { hint: 'the answers to the batch are too large in total: send fewer requests in one batch' });
    }
    kept += characters;
  };
  const sinks = messages.map(() => new PartOfBatch(exchange.reply, keep));
  await Promise.all(
    sinks.map((sink, index) =>
      exchange.part(sink, async part => {
        const json = messages[index] ?? null;
        part.record.id = idOf(json);
        sink.isMute = part.record.id === undefined;
        const message = toMessage(json);
        if (message.kind !== 'response') part.record.method = cut(message.method, longestName);
        await handle(part, message);
      }),
    ),
  );
  const answers = sinks.flatMap(({ text }) => text ?? []);
  if (answers.length === 0) return exchange.reply.end(202);
  exchange.reply.answer(status, `[${answers.join(',')}]`);
}

/** Refuses a batch, under the ids of its requests. */
export function refuseBatch(exchange: Exchange, messages: readonly Json[]): Promise<void> {
  if (!messages.some(message => idOf(message) !== undefined && idOf(message) !== null)) return fail('batch_refused');
  return answerBatch(exchange, messages, async () => fail('batch_refused'), 400);
}

/** Keeps the answer to one message of a batch. Messages before the answer are sent at once. */
class PartOfBatch implements Reply {
  readonly #whole: Reply;
  readonly #keep: (characters: number) => void;
  readonly dropped = 0;
  status = 0;
  text: string | undefined;
  /** Drops the answer to a notification, even if it is an error. */
  isMute = false;

  /** @param keep called with the length of the answer; throws where it does not fit */
  constructor(whole: Reply, keep: (characters: number) => void) {
    this.#whole = whole;
    this.#keep = keep;
  }

  notify(text: string): Promise<void> | undefined {
    return this.#whole.notify(text);
  }

  breakSilence(afterMs: number): void {
    this.#whole.breakSilence(afterMs);
  }

  keepOpen(): NotificationStream {
    return this.#whole.keepOpen();
  }

  answer(status: number, text: string): void {
    if (!this.isMute) this.#keep(text.length);
    this.status = status;
    if (!this.isMute) this.text = text;
  }

  end(status: number): void {
    this.status = status;
  }
}
