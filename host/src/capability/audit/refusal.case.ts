import { from, type RefusalCase } from '../refusal.case.ts';

export const refusalCase: RefusalCase = {
  imports: `import { write } from ${from('audit')};`,
  functions: 'write',
  grant: { max_bytes: 64 },
  refused: [
    { reason: 'invalid', task: ['write', 'a', '{'], what: 'not a JSON object' },
    { reason: 'over_limit', task: ['write', 'a', JSON.stringify({ a: 'é'.repeat(40) })], what: 'more than 64 bytes' },
  ],
  uses: [['write', 'seen', JSON.stringify({ a: 'x'.repeat(100) })]],
  smallest: { max_bytes: 128 },
};
