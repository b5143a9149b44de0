import type { HookRunner } from '../../contract/hook-call.ts';
import type { AuditTrail } from './audit-trail.ts';

/** Returns a runner whose calls wait while the queue of the audit trail is full; the same where none waits. */
export function awaitRoom(audit: AuditTrail, runner: HookRunner): HookRunner {
  const { room } = audit;
  if (room === undefined) return runner;
  return {
    run(input, signal) {
      const free = room(signal);
      return free === undefined ? runner.run(input, signal) : free.then(() => runner.run(input, signal));
    },
  };
}
