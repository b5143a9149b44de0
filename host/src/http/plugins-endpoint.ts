import { randomUUID } from 'node:crypto';
import { Fault } from '../core/fault.ts';
import { faultReply } from './fault-reply.ts';
import type { MetricsEndpoint } from './metrics-endpoint.ts';
import type { Routed } from './open-request.ts';
import { HttpReply } from './reply.ts';
import type { Outbox } from './unread-answers.ts';

interface PluginsEndpointOptions {
  /** Describes the plugins. */
  readonly list: () => readonly object[];
  readonly metrics: Pick<MetricsEndpoint, 'mayRead'>;
  readonly outbox: Outbox;
}

/** Answers `/plugins` with the plugins and their state, and 404 to clients that may not read the metrics. */
export class PluginsEndpoint {
  readonly #options: PluginsEndpointOptions;

  constructor(options: PluginsEndpointOptions) {
    this.#options = options;
  }

  serve(routed: Routed): void {
    const { list, metrics, outbox } = this.#options;
    const reply = new HttpReply(routed.outgoing, outbox);
    if (!metrics.mayRead(routed)) {
      faultReply(reply, new Fault('path_unknown', { path: '/plugins' }), { id: null, request: randomUUID() });
      return;
    }
    reply.answer(200, JSON.stringify({ plugins: list() }), { 'content-type': 'application/json' });
  }
}
