import type { RefusalReason } from '../../contract/hook-call.ts';
import { isJsonObject } from '../../core/json.ts';
import { readJson } from '../../core/json-reader.ts';
import { DeclaredError, type LaneSide } from '../lane/lane-side.ts';
import { powerOfTwo } from '../lane/power-of-two.ts';

/** What the lane needs of a grant. */
interface AuditGrant {
  readonly max_bytes: number;
}

/** What the name of an event looks like. */
export const eventPattern = /^[a-z][a-z0-9_]{0,62}$/;

const wit = 'sallyport:plugin/audit';
const refuse = () => {
  throw new DeclaredError('audit was not granted');
};

/** What guests get of `audit`. */
export const auditInLane = {
  name: 'audit',
  wit: [`${wit}@0.1.0`],
  imports: ({ max_bytes }, lane) => ({
    [wit]: {
      write: (event: string, text: string) => {
        const refused = (reason: RefusalReason, why: string): never => {
          lane.refused(`write: ${why}`, reason);
          throw new DeclaredError(why);
        };
        if (!eventPattern.test(event)) refused('invalid', 'the name of an event looks like email_redacted');
        if (Buffer.byteLength(text) > max_bytes) refused('over_limit', `more than ${max_bytes} bytes`);
        if (!isObject(text)) refused('invalid', 'details are not a JSON object');
        // As text, in which every number keeps its digits.
        if (!lane.tell({ event, details: text })) {
          throw new DeclaredError('this hook call has written more events than one call may');
        }
      },
    },
  }),
  denied: { [wit]: { write: refuse } },
  learning: {
    imports: tell => ({
      [wit]: {
        write: (event: string, text: string) => {
          if (eventPattern.test(event)) tell({ event, bytes: powerOfTwo(Buffer.byteLength(text)) });
          refuse();
        },
      },
    }),
  },
} satisfies LaneSide<AuditGrant>;

function isObject(text: string): boolean {
  try {
    return isJsonObject(readJson(text));
  } catch {
    return false;
  }
}
