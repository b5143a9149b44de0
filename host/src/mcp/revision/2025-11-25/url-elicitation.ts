import { Fault } from '../../../core/fault.ts';
import { isJsonObject } from '../../../core/json.ts';
import { elicitationOf, type UrlElicitation } from '../../url-elicitation.ts';
import { urlElicitationRequired } from './errors.ts';
import type { Session } from './live-sessions.ts';
import { notifyElicitationComplete } from './notifications.ts';

/**
 * Returns what was thrown, in the form in which the client can be asked to show a page. A client that can is notified when
 * the user has done what the page is for; any other gets an error that has the link in its message.
 */
export function asksForPage(session: Session, thrown: unknown): unknown {
  const elicitation = elicitationOf(thrown);
  if (elicitation === undefined || !(thrown instanceof Fault)) return thrown;
  awaitEnd(session, elicitation);
  return showsPages(session) ? thrown.with({ rpc: urlElicitationRequired }) : thrown;
}

/** Whether the client has declared the URL mode (MCP 2025-11-25, Elicitation § Capabilities). */
function showsPages({ facts: { clientCapabilities } }: Session): boolean {
  const { elicitation } = clientCapabilities;
  return isJsonObject(elicitation) && isJsonObject(elicitation.url);
}

function awaitEnd(session: Session, { id, completed }: UrlElicitation): void {
  if (session.elicitations.has(id)) return;
  session.elicitations.add(id);
  void completed.then(isDone => {
    session.elicitations.delete(id);
    if (!isDone) return;
    if (showsPages(session)) notifyElicitationComplete(session, id);
    // The lists of the upstream are new, and the client is notified of that as soon as it is connected.
    session.client.connect();
  });
}
