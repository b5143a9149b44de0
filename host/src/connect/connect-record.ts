import type { Fault } from '../core/fault.ts';
import type { Metrics } from '../core/metrics.ts';
import { RepeatedWarning } from '../core/repeated-warning.ts';
import type { PendingLink } from './pending-links.ts';

/** An event of the audit trail about an account. */
export interface AccountEvent {
  readonly event: 'account.connected' | 'account.refused';
  readonly subject?: string | undefined;
  readonly tenant?: string | undefined;
  readonly details: object;
  readonly suppressed?: number;
}

const metric = 'sallyport_account_connections_total';

/** Counts accounts that are connected, and attempts that were refused, and writes both to the audit trail. */
export class ConnectRecord {
  readonly #metrics: Metrics;
  readonly #audit: (event: AccountEvent) => void;
  readonly #refusals: RepeatedWarning;

  /** @param audit gets a few refusals of each user and reason in a period, and then the number of the others */
  constructor(metrics: Metrics, audit: (event: AccountEvent) => void) {
    this.#metrics = metrics;
    this.#audit = audit;
    this.#refusals = new RepeatedWarning({ warn: line => audit(line as AccountEvent) }, '');
    const help = 'Attempts of users to connect an account at an upstream, by outcome.';
    metrics.declare(metric, { type: 'counter', help });
  }

  connected({ upstream, user: { subject, tenant } }: PendingLink): void {
    this.#metrics.series(metric, { upstream, outcome: 'connected' }).add(1);
    this.#audit({ event: 'account.connected', subject, tenant, details: { upstream } });
  }

  /** @param link whose user is the one it was made for, who need not be the one in the browser */
  refused(link: PendingLink | undefined, { code, details }: Fault): void {
    const { upstream = '', user } = link ?? {};
    const { reason = code, signed_in, signed_in_tenant, error, server } = details;
    const outcome =
      code === 'connect_other_user' ? 'other_user' : typeof details.reason === 'string' ? details.reason : 'failed';
    this.#metrics.series(metric, { upstream, outcome }).add(1);
    const about = { upstream, reason, signed_in, signed_in_tenant, error, server };
    const { subject, tenant } = user ?? {};
    const kind = JSON.stringify([upstream, tenant, subject, outcome]);
    this.#refusals.write(kind, { event: 'account.refused', subject, tenant, details: about });
  }
}
