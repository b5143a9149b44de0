import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../../identity/principal.ts';

/** A request that has arrived, and that nothing has been read of but its headers. */
export interface Arrival {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** Who is calling: `anonymous` until a step has authenticated the caller. */
  principal: Principal;
}

/**
 * One thing that each request passes before it is served.
 *
 * The steps are created with the server, and run in the order of `steps.ts`. A step refuses a request by throwing a
 * Fault, with which the client is answered, and no later step runs. Otherwise it may add to the arrival.
 */
export interface Step {
  readonly name: string;
  /** A step that has nothing to wait for returns no promise: an await costs every request a turn. */
  pass(arrival: Arrival): Promise<void> | void;
}

/**
 * Takes a request through steps, one after the other. Returns no promise when there is nothing to wait for.
 * @throws the Fault of the first step that refuses it
 */
export function passSteps(steps: readonly Step[], arrival: Arrival, from = 0): Promise<void> | void {
  for (let at = from; at < steps.length; at += 1) {
    const passing = steps[at]?.pass(arrival);
    if (passing !== undefined) return passing.then(() => passSteps(steps, arrival, at + 1));
  }
}
