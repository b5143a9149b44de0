import { from, type RefusalCase } from '../refusal.case.ts';

export const refusalCase: RefusalCase = {
  imports: `import * as state from ${from('context')};`,
  functions: 'state: state.set',
  refused: [{ reason: 'over_limit', task: ['state', 'key', 'x'.repeat(200)], what: 'request state' }],
};
