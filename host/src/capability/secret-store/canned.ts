import { z } from 'zod';
import { defineCanned } from '../canned.ts';
import { requestSchema } from './gateway.ts';

/** Secrets have the values that the case states. A reference is `{{secret:NAME}}`, so that a case can say where it expects one. */
export const secretStoreCanned = defineCanned({
  host: { secrets: z.record(z.string(), z.string()).default({}) },
  open: ({ secrets }) => ({
    grant: { names: Object.keys(secrets), references: [] },
    async serve(message) {
      const { do: what, name } = requestSchema.parse(message);
      if (!Object.hasOwn(secrets, name)) {
        return { err: { tag: 'denied', val: `${name} is not among the secrets of the case` } };
      }
      return { ok: what === 'get' ? secrets[name] : `{{secret:${name}}}` };
    },
  }),
});
