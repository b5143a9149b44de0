import { from, type RefusalCase } from '../refusal.case.ts';

export const refusalCase: RefusalCase = {
  imports: `import { get as header } from ${from('request-headers')};`,
  functions: 'header',
  grant: { names: ['x-team'] },
  refused: [{ reason: 'not_allowed', task: ['header', 'Cookie'], what: 'the header cookie' }],
  uses: [
    ['header', 'X-Team'],
    ['header', 'not a header'],
  ],
  smallest: { names: ['x-team'] },
};
