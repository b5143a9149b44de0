import { DeclaredError, type LaneContext } from './lane-side.ts';

/** Puts a request to the gateway's side, which answers with a `result` of WIT. @throws DeclaredError with its `err` */
export async function askGateway<Ok>(lane: LaneContext, request: unknown): Promise<Ok> {
  const answer = (await lane.ask(request)) as { readonly ok: Ok } | { readonly err: unknown };
  if ('err' in answer) throw new DeclaredError(answer.err);
  return answer.ok;
}
