import { from, type RefusalCase } from '../refusal.case.ts';

export const refusalCase: RefusalCase = {
  imports: `import { count } from ${from('metrics')};`,
  functions: 'count',
  grant: { max_names: 1 },
  refused: [
    { reason: 'invalid', task: ['count', 'not a name', [], 1], what: 'invalid name' },
    { reason: 'over_limit', task: ['count', 'a', [1, 2, 3, 4, 5].map(n => [`l${n}`, '']), 1], what: '4 labels' },
  ],
  uses: [
    ['count', 'hits', [['tool', 'a']], 1],
    ['count', 'hits', [['tool', 'b']], 1],
    ['count', 'misses', [], 1],
  ],
  smallest: { max_names: 2, max_labels: 1, max_series: 4 },
};
