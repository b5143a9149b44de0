import type { ServerResponse } from 'node:http';

/** How one request is answered: with JSON, or with an event stream once there is something to say before the answer. */
export interface Reply {
  /** HTTP status; 0 before the answer began. */
  readonly status: number;
  /** Sends a message before the answer, and makes the answer an event stream. */
  notify(text: string): void;
  /** Sends the answer, `text` being one line of JSON. On an open stream status and headers are settled already. */
  answer(status: number, text: string, headers?: Readonly<Record<string, string>>): void;
  /** Ends without an answer: an accepted notification (202), or a call that the client itself cancelled. */
  end(status: number, headers?: Readonly<Record<string, string>>): void;
  /** Makes it a stream that stays open, for notifications that belong to no request. */
  open(): void;
  /** Sends a sign of life on an open stream. */
  comment(text: string): void;
}

const eventStream = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // Proxies that buffer would hold progress back.
  'x-accel-buffering': 'no',
};

/** Writes to the socket of Node: a web Response costs more than the rest of the answer. */
export function createReply(outgoing: ServerResponse): Reply {
  const event = (text: string) => `event: message\ndata: ${text}\n\n`;
  const isStream = () => outgoing.headersSent;
  const open = () => {
    if (isStream()) return;
    outgoing.writeHead(200, eventStream);
    outgoing.flushHeaders();
  };
  return {
    get status() {
      return outgoing.headersSent ? outgoing.statusCode : 0;
    },
    open,
    comment: text => void (outgoing.writableEnded || outgoing.write(`: ${text}\n\n`)),
    notify(text) {
      if (outgoing.writableEnded || outgoing.destroyed) return;
      open();
      outgoing.write(event(text));
    },
    answer(status, text, headers) {
      if (outgoing.writableEnded || outgoing.destroyed) return;
      if (isStream()) return void outgoing.end(event(text));
      const length = Buffer.byteLength(text);
      outgoing.writeHead(status, { 'content-type': 'application/json', 'content-length': length, ...headers });
      outgoing.end(text);
    },
    end(status, headers) {
      if (outgoing.writableEnded || outgoing.destroyed) return;
      if (!isStream()) outgoing.writeHead(status, { ...(status === 200 ? eventStream : {}), ...headers });
      outgoing.end();
    },
  };
}
