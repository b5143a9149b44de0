import type { AuditEvent } from '../../capability/audit/audit-trail.ts';
import type { Registrant } from '../joining-server.ts';

/** Why a reload is made. Both grow until it begins. */
export interface ReloadCause {
  /** `files`, `SIGHUP`, `admin` or `program`. */
  readonly triggers: Iterable<string>;
  /** The callers of the management API who asked for it. */
  readonly subjects: Iterable<string>;
}

/** Returns the cause of a reload that the management API or the embedding program makes. */
export const causeOf = ({ origin, principal }: Registrant): ReloadCause => ({
  triggers: [origin === 'admin' ? 'admin' : 'program'],
  subjects: principal === undefined ? [] : [principal],
});

/** Returns the audit event of a reload, with its cause. */
export function reloadEvent(event: string, details: object, { triggers, subjects }: ReloadCause): AuditEvent {
  const [subject, ...others] = subjects;
  const isShared = others.length > 0;
  return {
    event,
    ...(!isShared && { subject }),
    details: { triggers: [...triggers], ...(isShared && { subjects: [subject, ...others] }), ...details },
  };
}
