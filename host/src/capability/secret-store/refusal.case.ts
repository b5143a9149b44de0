import { from, type RefusalCase } from '../refusal.case.ts';

export const refusalCase: RefusalCase = {
  imports: `
    import * as secrets from ${from('secret-store')};
    import { send as sendWith } from ${from('outbound-http')};`,
  functions: `
    secret: secrets.get, reference: secrets.reference,
    sendSecret: (url, name) => sendWith({ method: 'GET', url, headers: [['x-key', secrets.reference(name)]] }).status`,
  grant: { names: ['word'] },
  refused: [{ reason: 'not_allowed', task: ['secret', 'other'], what: 'other is not among the names' }],
  uses: [
    ['secret', 'word'],
    ['reference', 'unsent'],
    ['sendSecret', 'https://api.example.com/keys', 'token'],
  ],
  smallest: {
    names: ['word'],
    references: [
      { name: 'token', origins: ['https://api.example.com'], headers: ['x-key'] },
      { name: 'unsent', origins: ['https://unknown.invalid'] },
    ],
  },
};
