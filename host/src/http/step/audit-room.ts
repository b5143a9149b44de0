import { type Cancellation, Canceller } from '../../core/canceller.ts';
import { Cancelled } from '../../mcp/cancelled.ts';
import type { Step } from './step.ts';

/**
 * Returns a promise that resolves when the audit log has room, if it has none; otherwise undefined.
 * @throws the signal's reason when it aborts
 */
export type AuditRoom = (signal: Cancellation) => Promise<void> | undefined;

/**
 * Creates the step that lets a message of a client wait while the audit log has no room for its event. It waits until
 * its client leaves, or it is ended with the gateway; `limits.concurrent_requests` bounds how many wait.
 */
export const createAuditRoom = (room: AuditRoom): Step => ({
  name: 'audit-room',
  pass({ incoming, outgoing }) {
    if (incoming.method !== 'POST') return;
    const canceller = new Canceller();
    const free = room(canceller);
    if (free !== undefined) outgoing.once('close', () => canceller.abort(new Cancelled()));
    return free;
  },
});
