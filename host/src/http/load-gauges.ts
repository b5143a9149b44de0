import type { Metrics } from '../core/metrics.ts';
import type { Revision } from '../mcp/revision/revision.ts';

interface Load {
  readonly running: { readonly count: number; readonly isDraining: boolean };
  readonly outbox: { readonly bytes: number };
  readonly revisions: readonly Revision[];
}

/** Shows in the metrics what the server is busy with. Returns a function that ends it. */
export function observeLoad(metrics: Metrics, { running, outbox, revisions }: Load): () => void {
  const held = (what: 'sessions' | 'streams') => revisions.reduce((sum, each) => sum + (each.held?.[what] ?? 0), 0);
  const gauges: Record<string, readonly [help: string, read: () => number]> = {
    sallyport_running_requests: ['Requests whose answers are not yet read.', () => running.count],
    sallyport_sessions: ['Sessions of clients.', () => held('sessions')],
    sallyport_streams: ['Open streams of sessions, for messages that belong to no request.', () => held('streams')],
    sallyport_waiting_answer_bytes: ['Bytes of answers that wait for clients to read them.', () => outbox.bytes],
    sallyport_draining: ['Whether the gateway shuts down and refuses new requests.', () => Number(running.isDraining)],
  };
  const ends = Object.entries(gauges).map(([name, [help, read]]) =>
    metrics.observe(name, { type: 'gauge', help }, () => [[{}, read()]]),
  );
  return () => {
    for (const end of ends) end();
  };
}
