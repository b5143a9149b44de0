import { toFault } from '../../core/fault.ts';
import type { Metrics, Series } from '../../core/metrics.ts';
import { RepeatedWarning } from '../../core/repeated-warning.ts';
import type { ClientAddress } from '../../identity/client-address.ts';
import type { Arrival } from './step.ts';

/** A refusal of credentials, for the audit trail. */
export interface RefusedAuthentication {
  readonly event: 'authentication.refused';
  readonly request: string | undefined;
  readonly details: object;
  readonly suppressed?: number;
}

const metric = 'sallyport_authentications_total';

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

  /** @param audit gets a few refusals of each scheme and reason in a period, and then the number of the others */
  constructor(metrics: Metrics, addressOf: ClientAddress, audit: (refusal: RefusedAuthentication) => void) {
    this.#metrics = metrics;
    this.#addressOf = addressOf;
    this.#refusals = new RepeatedWarning({ warn: line => audit(line as RefusedAuthentication) }, '');
    metrics.declare(metric, {
      type: 'counter',
      help: 'Requests by the scheme that decided about their credentials, with outcome and reason.',
    });
  }

  accepted({ principal: { scheme } }: Arrival): void {
    let series = this.#accepted.get(scheme);
    if (series === undefined) {
      series = this.#metrics.series(metric, { scheme, outcome: 'accepted', reason: '' });
      this.#accepted.set(scheme, series);
    }
    series.add(1);
  }

  refused({ id: request, incoming, binding }: Arrival, thrown: unknown): void {
    const { code, details } = toFault(thrown);
    const scheme = typeof details.scheme === 'string' ? details.scheme : '';
    const reason = typeof details.reason === 'string' ? details.reason : '';
    this.#metrics.series(metric, { scheme, outcome: outcomes[code] ?? 'refused', reason }).add(1);
    if (code !== 'credentials_refused' && code !== 'authentication_blocked') return;
    const about = { scheme, reason, binding, address: this.#addressOf(incoming) };
    this.#refusals.write(`${scheme} ${reason}`, { event: 'authentication.refused', request, details: about });
  }
}
