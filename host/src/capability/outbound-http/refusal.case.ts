import { from, type RefusalCase } from '../refusal.case.ts';

export const refusalCase: RefusalCase = {
  imports: `
    import { send } from ${from('outbound-http')};
    const request = (method, url, headers, body) =>
      send({ method, url, headers, body: body === undefined ? undefined : bytes(body) });`,
  functions: `
    send: (method, url, body) => request(method, url, [], body).status,
    sendHeader: (name, value) => request('GET', 'https://api.example.com/', [[name, value]]).status`,
  grant: { allow: ['https://api.example.com'], max_request_bytes: 10 },
  refused: [
    { reason: 'not_allowed', task: ['send', 'GET', 'https://evil.example.com/'], what: 'not in the grant' },
    { reason: 'over_limit', task: ['send', 'POST', 'https://api.example.com/', 'x'.repeat(11)], what: '10 bytes' },
    { reason: 'invalid', task: ['send', 'GET', `https://api.example.com/${'x'.repeat(70_000)}`], what: 'too long' },
    { reason: 'invalid', task: ['sendHeader', 'x-a', 'b\r\nx-c: d'], what: 'header x-a is not well-formed' },
  ],
  uses: [['send', 'POST', 'https://api.example.com/a?b=c', 'x']],
  // The second is where the case of secret_store sends one.
  smallest: {
    allow: ['https://api.example.com/a', 'https://api.example.com/keys'],
    methods: ['GET', 'POST'],
  },
};
