import type { RefusalCase } from '../refusal.case.ts';

export const refusalCase: RefusalCase = {
  // A component of its own, which exits.
  refused: [{ reason: 'not_allowed', task: [], what: 'exit' }],
};
