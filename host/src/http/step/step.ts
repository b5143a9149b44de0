import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Receipts } from '../../hook/receipt.ts';
import type { Principal } from '../../identity/principal.ts';

/** A request of which only the headers have been read. */
export interface Arrival {
  /** The id of the request. */
  readonly id?: string;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** The id of the binding at its URL; where the caller's tenant decides, it is set once the caller is known. */
  binding?: string | undefined;
  /** The protected resource at its URL; the binding by default. */
  readonly resource?: string | undefined;
  /** Where hook calls are recorded. */
  readonly call?: { readonly receipts: Receipts };
  /** The caller: `anonymous` until a step has authenticated it. */
  principal: Principal;
}

/**
 * A check that each request passes before it is served.
 *
 * The steps are created with the server and run in the order of `steps.ts`. A step refuses a request by throwing a
 * Fault, which becomes the answer, and no later step runs. Otherwise it may add to the arrival.
 */
export interface Step {
  readonly name: string;
  /** Runs the step. It returns a promise only if it must wait, because an await costs every request a turn. */
  pass(arrival: Arrival): Promise<void> | void;
}

/**
 * Runs the steps one after the other. Returns a promise only if one of them must wait.
 * @throws the Fault of the first step that refuses it
 */
export function passSteps(steps: readonly Step[], arrival: Arrival, from = 0): Promise<void> | void {
  for (let at = from; at < steps.length; at += 1) {
    const passing = steps[at]?.pass(arrival);
    if (passing !== undefined) return passing.then(() => passSteps(steps, arrival, at + 1));
  }
}
