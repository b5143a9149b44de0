import { from, type RefusalCase } from '../refusal.case.ts';

export const refusalCase: RefusalCase = {
  imports: `import { set as setHeader } from ${from('upstream-headers')};`,
  functions: 'setHeader',
  grant: { names: ['x-team'], max_bytes: 20 },
  refused: [
    { reason: 'not_allowed', task: ['setHeader', 'Authorization', 'Bearer x'], what: 'authorization is not named' },
    { reason: 'not_allowed', task: ['setHeader', 'Mcp-Session-Id', 'x'], what: 'can only be set by the gateway' },
    { reason: 'over_limit', task: ['setHeader', 'x-team', 'x'.repeat(21)], what: 'more than 20 bytes' },
    { reason: 'invalid', task: ['setHeader', 'x-team', 'a\r\nb: c'], what: 'not well-formed' },
  ],
  uses: [
    ['setHeader', 'X-Team', 's3cret'],
    ['setHeader', 'mcp-session-id', 's3cret'],
    ['setHeader', 'not a header', 's3cret'],
  ],
  smallest: { names: ['x-team'] },
};
