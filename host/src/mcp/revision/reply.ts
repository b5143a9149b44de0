export type ReplyHeaders = Readonly<Record<string, string>>;

/** Where an answer goes: to a client, or into the list of answers to a batch. */
export interface Reply {
  /** HTTP status; 0 before the answer began. */
  readonly status: number;
  /** Number of notifications that were dropped because the client did not read. */
  readonly dropped: number;
  /**
   * Sends a message before the answer, and makes the answer an event stream.
   * @returns what resolves when a client that reads slowly can be sent more
   */
  notify(text: string): Promise<void> | undefined;
  /** Sends the answer, one line of JSON. Status and headers have no effect on a stream that is already open. */
  answer(status: number, text: string, headers?: ReplyHeaders): void;
  /** Ends without an answer: an accepted notification (202), or a call that the client itself cancelled (200). */
  end(status: number, headers?: ReplyHeaders): void;
  /**
   * Sends a comment whenever nothing was sent for this long; the first one makes the answer an event stream. Proxies
   * close connections on which nothing happens.
   */
  breakSilence(afterMs: number): void;
  /** Makes it a stream of notifications that stays open after the request was handled, until the client leaves. */
  keepOpen(): NotificationStream;
}

/** A stream that brings notifications to a client while it has no request running. */
export interface NotificationStream {
  /** Bytes that the client has not read yet. */
  readonly waiting: number;
  notify(text: string): Promise<void> | undefined;
  end(status: number): void;
}
