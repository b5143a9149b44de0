import { randomUUID } from 'node:crypto';
import { fail } from '../core/fault.ts';
import type { ProtectedResources } from '../identity/protected-resources.ts';
import { answerPreflight, isPreflight } from './cors.ts';
import { faultReply } from './fault-reply.ts';
import type { Routed } from './open-request.ts';
import { HttpReply } from './reply.ts';
import type { HostAndOrigin } from './step/host-and-origin.ts';
import type { Outbox } from './unread-answers.ts';

export interface ResourceMetadataOptions {
  readonly resources: ProtectedResources;
  readonly hostAndOrigin: HostAndOrigin;
  readonly outbox: Outbox;
}

/** Answers requests for the metadata of protected resources (RFC 9728), which need no credentials. */
export class ResourceMetadata {
  readonly #options: ResourceMetadataOptions;

  constructor(options: ResourceMetadataOptions) {
    this.#options = options;
  }

  /** Serves the metadata of the binding at `path`, on the host of the request. */
  serve({ incoming, outgoing }: Routed, path: string): void {
    const { resources, hostAndOrigin, outbox } = this.#options;
    const reply = new HttpReply(outgoing, outbox);
    try {
      hostAndOrigin.pass({ incoming, outgoing });
      if (isPreflight(incoming)) {
        answerPreflight(reply, incoming);
        return;
      }
      if (incoming.method === 'OPTIONS') fail('http_method_refused', { method: 'OPTIONS', allow: 'GET' });
      const metadata = resources.metadata(resources.placeOf(path, incoming.headers.host)) ?? fail('path_unknown');
      const headers = { 'content-type': 'application/json', 'cache-control': 'max-age=60' };
      reply.answer(200, JSON.stringify(metadata), headers);
    } catch (reason) {
      faultReply(reply, reason, { id: null, request: randomUUID() });
    }
  }
}
