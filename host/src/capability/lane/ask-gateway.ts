import { DeclaredError, type LaneContext } from './lane-side.ts';

/** An answer of the gateway's side: a `result` of WIT. */
type Answer<Ok> = { readonly ok: Ok } | { readonly err: unknown };

/** Puts a request to the gateway's side, and waits without holding up the thread. @throws DeclaredError with its `err` */
export async function askGateway<Ok>(lane: LaneContext, request: unknown): Promise<Ok> {
  return okOf((await lane.ask(request)) as Answer<Ok>);
}

/** Puts a request to the gateway's side, and returns the answer as `askNow` does. @throws DeclaredError with its `err` */
export function askGatewayNow<Ok>(lane: LaneContext, request: unknown): Ok | Promise<Ok> {
  const answer = lane.askNow(request) as Answer<Ok> | Promise<Answer<Ok>>;
  return answer instanceof Promise ? answer.then(okOf) : okOf(answer);
}

/** @throws DeclaredError */
export function okOf<Ok>(answer: Answer<Ok>): Ok {
  if ('err' in answer) throw new DeclaredError(answer.err);
  return answer.ok;
}
