import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { fail } from '../core/fault.ts';
import type { Metrics } from '../core/metrics.ts';
import { faultReply } from './fault-reply.ts';
import type { Routed } from './open-request.ts';
import { HttpReply } from './reply.ts';
import { type HostAndOrigin, isFromHere } from './step/host-and-origin.ts';
import type { Outbox } from './unread-answers.ts';

/** Who may read `/metrics` and `/readyz?verbose`; `loopback` means connections from this machine. */
export type MetricsAudience = 'loopback' | 'everybody' | 'nobody';

export interface MetricsEndpointOptions {
  readonly metrics: Metrics;
  readonly audience: MetricsAudience;
  readonly hostAndOrigin: HostAndOrigin;
  readonly outbox: Outbox;
}

/** Answers `/metrics` in Prometheus's text format, and 404 to clients that may not read it. */
export class MetricsEndpoint {
  readonly #options: MetricsEndpointOptions;

  constructor(options: MetricsEndpointOptions) {
    this.#options = options;
  }

  serve({ incoming, outgoing }: Routed): void {
    const { metrics, hostAndOrigin, outbox } = this.#options;
    const reply = new HttpReply(outgoing, outbox);
    try {
      hostAndOrigin.pass({ incoming, outgoing });
      if (!this.#isAudience(incoming)) fail('path_unknown', { path: '/metrics' });
      reply.answer(200, metrics.text(), { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    } catch (reason) {
      faultReply(reply, reason, { id: null, request: randomUUID() });
    }
  }

  /** Returns whether the client may read operator data. */
  mayRead({ incoming, outgoing }: Routed): boolean {
    try {
      this.#options.hostAndOrigin.pass({ incoming, outgoing });
      return this.#isAudience(incoming);
    } catch {
      return false;
    }
  }

  #isAudience({ headers, socket }: IncomingMessage): boolean {
    const { audience } = this.#options;
    const isHere = isFromHere({ headers, remoteAddress: socket.remoteAddress });
    return audience === 'everybody' || (audience === 'loopback' && isHere);
  }
}
