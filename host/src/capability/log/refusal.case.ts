import { from, type RefusalCase } from '../refusal.case.ts';

export const refusalCase: RefusalCase = {
  imports: `import { write as line } from ${from('log')};`,
  functions: 'line',
  refused: [{ reason: 'over_limit', task: ['line', 'info', 'again'], what: 'more than 3 lines', times: 2 }],
};
