import { createServer } from 'node:net';
import { parseListen } from '../../config/listen.ts';
import type { Check, Found } from '../check.ts';

/** Returns why nothing can listen at an address. */
const whyNot = (host: string, port: number): Promise<string | undefined> =>
  new Promise(resolve => {
    const server = createServer();
    server.once('error', error => resolve(error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });

/** Whether the gateway can listen at its addresses. */
export const portInUse: Check = {
  id: 'DR201',
  severity: 'warning',
  about: 'the addresses to listen on',
  why: 'A gateway that starts now cannot listen there.',
  fix: 'If it is not the gateway itself that runs there, end the other program or choose another port.',
  async find({ config: { listen, admin } }) {
    const addresses: [at: string, address: string | undefined][] = [
      ['listen', listen],
      ['admin.listen', admin?.listen],
    ];
    const found = addresses.map(async ([at, text]): Promise<readonly Found[]> => {
      const address = text === undefined ? undefined : parseListen(text);
      const reason = address && (await whyNot(address.host, address.port));
      return reason === undefined ? [] : [{ what: `Nothing can listen at ${text}: ${reason}`, at }];
    });
    return (await Promise.all(found)).flat();
  },
};
