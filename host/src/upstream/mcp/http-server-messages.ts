import type { JsonObject } from '../../core/json.ts';
import { asNotification, type ConnectionContext } from './connection.ts';
import type { HttpClient } from './http-client.ts';
import { readMessage } from './http-request.ts';
import { createSkippedOutputLog } from './server-output-log.ts';

/** Our answers that a server may be slow to accept. What it asks beyond that is not answered. */
const mostAnswers = 64;

/** Handles the messages that a server sends by itself over HTTP: notifications for all, and requests to its client. */
export class HttpServerMessages {
  readonly onSkipped: (data: string) => void;
  readonly #client: HttpClient;
  readonly #context: ConnectionContext;
  /** Answers that the server has not accepted yet. */
  #answers = 0;

  constructor(client: HttpClient, context: ConnectionContext) {
    this.#client = client;
    this.#context = context;
    this.onSkipped = createSkippedOutputLog(client.upstream, context.log, 'event of a stream');
  }

  onText(data: string): void {
    try {
      this.onMessage(readMessage(this.#client.upstream, data));
    } catch {
      this.onSkipped(data);
    }
  }

  onMessage(message: JsonObject): void {
    const context = this.#context;
    const notification = asNotification(message);
    if (notification !== undefined) {
      context.onNotification(notification);
      return;
    }
    const response = this.#answers < mostAnswers ? context.answerServer(message) : undefined;
    if (response === undefined) return;
    const { upstream } = this.#client;
    this.#answers += 1;
    this.#client
      .send(response)
      .catch(error => context.log.debug({ upstream, error: String(error) }, 'the upstream did not accept an answer'))
      .finally(() => {
        this.#answers -= 1;
      });
  }
}
