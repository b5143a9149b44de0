import type { AuditTrail } from '../capability/audit/audit-trail.ts';
import { configDigest } from '../config/change/shown-config.ts';
import { version } from '../core/version.ts';
import type { Generation } from './generation.ts';

/** Records in the audit trail that the gateway started, and that it stopped when it is disposed. */
export class AuditedLifetime implements Disposable {
  readonly #audit: AuditTrail;
  #startedMs: number | undefined;

  constructor(audit: AuditTrail) {
    this.#audit = audit;
  }

  /** Records the start, unless events go to the log, which says so anyway. */
  start({ config, plugins: { plugins } }: Generation): void {
    if (this.#audit.room === undefined) return;
    this.#startedMs = performance.now();
    const loaded = plugins.map(({ id, version: own, digest }) => ({ plugin: id, version: own, digest }));
    const details = { version, config: configDigest(config), plugins: loaded };
    this.#audit.write({ event: 'gateway.started', details });
  }

  [Symbol.dispose](): void {
    if (this.#startedMs === undefined) return;
    const ran = Math.round((performance.now() - this.#startedMs) / 1000);
    this.#audit.write({ event: 'gateway.stopped', details: { version, seconds: ran } });
  }
}
