import { from, type RefusalCase } from '../refusal.case.ts';

export const refusalCase: RefusalCase = {
  imports: `import { call } from ${from('tool-call')};`,
  functions: 'call',
  grant: { tools: ['search'], max_request_bytes: 20 },
  refused: [
    { reason: 'not_allowed', task: ['call', 'delete', '{}'], what: 'not named by the grant' },
    { reason: 'over_limit', task: ['call', 'search', `{"a":"${'x'.repeat(20)}"}`], what: 'bytes of arguments' },
    { reason: 'invalid', task: ['call', 'x'.repeat(300), '{}'], what: '256 characters' },
  ],
  uses: [['call', 'search', '{"q":"s3cret"}']],
  smallest: { tools: ['search'] },
};
