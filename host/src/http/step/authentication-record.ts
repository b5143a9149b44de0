import { toFault } from '../../core/fault.ts';
import type { Metrics, Series } from '../../core/metrics.ts';
import { RepeatedWarning } from '../../core/repeated-warning.ts';
import type { ClientAddress } from '../../identity/client-address.ts';
import { anonymous } from '../../identity/principal.ts';
import type { Arrival } from './step.ts';

/** A caller who was authenticated, for the first time in a while, for the audit trail. */
export interface AcceptedAuthentication {
  readonly event: 'authentication.accepted';
  readonly request: string | undefined;
  readonly tenant: string | undefined;
  readonly subject: string | undefined;
  readonly details: object;
}

/** A refusal of credentials, for the audit trail. */
export interface RefusedAuthentication {
  readonly event: 'authentication.refused';
  readonly request: string | undefined;
  readonly details: object;
  readonly suppressed?: number;
}

const metric = 'sallyport_authentications_total';
/** After how long a caller is written to the audit trail again, in milliseconds, and how many callers are remembered. */
const againMs = 3_600_000;
const mostCallers = 10_000;

/** The outcome by the code of a refusal. */
const outcomes: Readonly<Record<string, string>> = {
  unauthenticated: 'no_credentials',
  authentication_blocked: 'blocked',
  authentication_throttled: 'throttled',
  identity_unavailable: 'unavailable',
};

/** Counts authenticated and refused callers, and writes refused credentials to the audit trail. */
export class AuthenticationRecord {
  readonly #metrics: Metrics;
  readonly #addressOf: ClientAddress;
  readonly #refusals: RepeatedWarning;
  readonly #accepted = new Map<string, Series>();
  readonly #auditAccepted: ((accepted: AcceptedAuthentication) => void) | undefined;
  /** When each caller was written to the audit trail, in milliseconds, the longest ago first. */
  readonly #seen = new Map<string, number>();

  /**
   * @param audit gets a few refusals of each scheme and reason in a period, and then the number of the others
   * @param auditAccepted gets each caller once an hour
   */
  constructor(
    metrics: Metrics,
    addressOf: ClientAddress,
    audit: (refusal: RefusedAuthentication) => void,
    auditAccepted?: (accepted: AcceptedAuthentication) => void,
  ) {
    this.#metrics = metrics;
    this.#addressOf = addressOf;
    this.#auditAccepted = auditAccepted;
    this.#refusals = new RepeatedWarning({ warn: line => audit(line as RefusedAuthentication) }, '');
    metrics.declare(metric, {
      type: 'counter',
      help: 'Requests by the scheme that decided about their credentials, with outcome and reason.',
    });
  }

  accepted(arrival: Arrival): void {
    const { scheme } = arrival.principal;
    if (this.#auditAccepted !== undefined && arrival.principal !== anonymous) this.#writeAccepted(arrival);
    let series = this.#accepted.get(scheme);
    if (series === undefined) {
      series = this.#metrics.series(metric, { scheme, outcome: 'accepted', reason: '' });
      this.#accepted.set(scheme, series);
    }
    series.add(1);
  }

  #writeAccepted({ id: request, incoming, binding, principal: { scheme, tenant, subject } }: Arrival): void {
    const caller = JSON.stringify([scheme, tenant, subject]);
    const now = performance.now();
    const seen = this.#seen.get(caller);
    if (seen !== undefined && now - seen < againMs) return;
    this.#seen.delete(caller);
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size < mostCallers) break;
      this.#seen.delete(oldest);
    }
    this.#seen.set(caller, now);
    const details = { scheme, binding, address: this.#addressOf(incoming) };
    this.#auditAccepted?.({ event: 'authentication.accepted', request, tenant, subject, details });
  }

  refused({ id: request, incoming, binding }: Arrival, thrown: unknown): void {
    const { code, details } = toFault(thrown);
    const scheme = typeof details.scheme === 'string' ? details.scheme : '';
    const reason = typeof details.reason === 'string' ? details.reason : '';
    this.#metrics.series(metric, { scheme, outcome: outcomes[code] ?? 'refused', reason }).add(1);
    if (code !== 'credentials_refused' && code !== 'authentication_blocked') return;
    const about = {
      // Credentials that no scheme knows have none.
      ...(scheme !== '' && { scheme }),
      ...(reason !== '' && { reason }),
      ...{ binding, address: this.#addressOf(incoming) },
    };
    this.#refusals.write(`${scheme} ${reason}`, { event: 'authentication.refused', request, details: about });
  }
}
