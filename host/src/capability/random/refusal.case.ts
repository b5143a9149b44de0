import { from, type RefusalCase } from '../refusal.case.ts';

export const refusalCase: RefusalCase = {
  imports: `import { bytes as draw } from ${from('random')};`,
  functions: 'draw: n => draw(n).length',
  grant: {},
  refused: [{ reason: 'over_limit', task: ['draw', 65_537], what: '65536 random bytes' }],
  uses: [['draw', 5]],
  smallest: {},
};
