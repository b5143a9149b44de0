/** Knows since when the stream of a server's own messages is open, the answer to the MCP client's GET. */
export interface Hearing {
  /** Milliseconds since the epoch; absent while no stream is open. */
  readonly since: number | undefined;
  /** Looks at a response, and returns it with the same body. */
  watch(response: Response, method: string | undefined): Response;
}

export function createHearing(): Hearing {
  let open: { readonly since: number } | undefined;
  return {
    get since() {
      return open?.since;
    },
    watch(response, method) {
      const { body, ok, status, statusText, headers } = response;
      const isStream = headers.get('content-type')?.startsWith('text/event-stream') === true;
      if (method !== 'GET' || !ok || body === null || !isStream) return response;
      const own = { since: Date.now() };
      open = own;
      const watched = untilEnd(body, () => {
        if (open === own) open = undefined;
      });
      return new Response(ReadableStream.from(watched), { status, statusText, headers });
    },
  };
}

/** The chunks of a stream; calls back when it ends, breaks off or is left. */
async function* untilEnd(chunks: ReadableStream<Uint8Array>, onEnd: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } finally {
    onEnd();
  }
}
