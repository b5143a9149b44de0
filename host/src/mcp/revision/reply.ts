export type ReplyHeaders = Readonly<Record<string, string>>;

/** The destination of an answer: a client, or the list of answers to a batch. */
export interface Reply {
  /** The HTTP status; 0 before the answer starts. */
  readonly status: number;
  /** The number of notifications that were dropped because the client did not read. */
  readonly dropped: number;
  /**
   * Sends a message before the answer, which makes the answer an event stream.
   * @returns a promise that resolves when a slow client can receive more
   */
  notify(text: string): Promise<void> | undefined;
  /** Sends the answer, one line of JSON. Status and headers have no effect on a stream that is already open. */
  answer(status: number, text: string, headers?: ReplyHeaders): void;
  /** Ends without an answer: an accepted notification (202), or a call that the client itself cancelled (200). */
  end(status: number, headers?: ReplyHeaders): void;
  /**
   * Sends a comment whenever nothing was sent for this long; the first one makes the answer an event stream. It keeps
   * proxies from closing an idle connection.
   */
  breakSilence(afterMs: number): void;
  /** Turns the reply into a notification stream that stays open after the request, until the client disconnects. */
  keepOpen(): NotificationStream;
}

/** A stream that brings notifications to a client while it has no request running. */
export interface NotificationStream {
  /** The number of bytes that the client has not read yet. */
  readonly waiting: number;
  notify(text: string): Promise<void> | undefined;
  end(status: number): void;
}
