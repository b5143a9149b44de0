import { Fault } from '../../core/fault.ts';
import type { Answer } from '../../mcp/answer.ts';
import type { ConnectionAuth } from '../auth/connection-auth.ts';
import type { RequestOptions } from '../upstream.ts';
import { SessionExpired } from './connection.ts';
import type { HttpClient } from './http-client.ts';

/**
 * Sends a request with the credentials of its caller. If the server rejects them, it is sent once more with others: a
 * request is a whole text, and a server that answers 401 has not acted on it.
 */
export function sendAuthorized(
  client: HttpClient,
  auth: ConnectionAuth,
  options: RequestOptions,
  send: (options: RequestOptions) => Promise<Answer>,
): Promise<Answer> {
  const { caller, signal } = options;
  const sendOnce = async (hiding: RequestOptions) => {
    try {
      return await send(hiding);
    } catch (thrown) {
      throw thrown instanceof SessionExpired ? new SessionExpired(() => hiddenRefusal(auth, thrown)) : thrown;
    }
  };
  return auth.hidden(options, async hiding => {
    const credential = await auth.current(caller, signal);
    client.authorize(auth.place, auth.written(credential));
    try {
      return await sendOnce(hiding);
    } catch (thrown) {
      if (!isRejected(thrown)) throw thrown;
      const renewed = await auth.renew(credential, caller, signal);
      if (renewed === undefined) throw thrown;
      client.authorize(auth.place, auth.written(renewed));
      return sendOnce(hiding);
    }
  });
}

/** The response of a server that forgot the session may repeat the credential, and is read only later. */
function hiddenRefusal(auth: ConnectionAuth, expired: SessionExpired): Answer {
  try {
    return auth.inAnswer(expired.refusal());
  } catch (thrown) {
    throw auth.inFault(thrown);
  }
}

const isRejected = (thrown: unknown): boolean =>
  thrown instanceof Fault && thrown.code === 'upstream_refused' && thrown.details.status === 401;
