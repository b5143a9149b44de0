import { from, type RefusalCase } from '../refusal.case.ts';

export const refusalCase: RefusalCase = {
  imports: `import { nowMs } from ${from('clock')};`,
  functions: 'now: () => nowMs()',
  grant: {},
  refused: [],
  uses: [['now']],
  smallest: { resolution_ms: 60_000 },
};
