import { from, type RefusalCase } from '../refusal.case.ts';

export const refusalCase: RefusalCase = {
  imports: `import { get as claim } from ${from('identity-claims')};`,
  functions: 'claim',
  grant: { names: ['email'] },
  refused: [{ reason: 'not_allowed', task: ['claim', 'sub'], what: 'the claim sub' }],
  uses: [['claim', 'email']],
  smallest: { names: ['email'] },
};
