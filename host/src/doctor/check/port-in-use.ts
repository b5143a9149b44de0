import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { createServer } from 'node:net';
import { type ListenAddress, parseListen } from '../../config/listen.ts';
import { listenFault } from '../../http/listen-fault.ts';
import type { Check, Found } from '../check.ts';
import { foundOf } from '../found-of.ts';

const longestMs = 3_000;

/** Returns why nothing can listen at an address. */
const whyNot = ({ host, port }: ListenAddress): Promise<NodeJS.ErrnoException | undefined> =>
  new Promise(resolve => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });

/** Whether a gateway answers at an address, by its path for health checks. It gets no credentials. */
const isGateway = ({ host, port }: ListenAddress, isTls: boolean): Promise<boolean> =>
  new Promise(resolve => {
    const local = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
    const options = { host: local, port, path: '/healthz', timeout: longestMs, agent: false as const };
    const asked = isTls ? overHttps({ ...options, rejectUnauthorized: false }) : overHttp(options);
    const end = (is: boolean) => {
      asked.destroy();
      resolve(is);
    };
    asked.once('error', () => end(false));
    asked.once('timeout', () => end(false));
    asked.once('response', answer => {
      let text = '';
      answer.setEncoding('latin1');
      answer.on('error', () => end(false));
      answer.on('data', (part: string) => {
        text += part;
        if (text.length > 100) end(false);
      });
      answer.on('end', () => end(text === '{"ok":true}'));
    });
    asked.end();
  });

/** Whether the gateway can listen at its addresses. If it is running already, that is only noted. */
export const portInUse: Check = {
  id: 'DR201',
  severity: 'error',
  about: 'whether the gateway can listen at its addresses',
  why: 'The gateway cannot start.',
  fix: 'Choose another address.',
  async find({ config: { listen, admin, tls }, isOffline }) {
    const main = parseListen(listen);
    const problem = main && (await whyNot(main));
    const isTaken = main !== undefined && problem?.code === 'EADDRINUSE';
    if (isTaken && !isOffline && (await isGateway(main, tls !== undefined))) return [running(listen)];
    const own = parseListen(admin?.listen ?? '');
    const ofAdmin = own && (await whyNot(own));
    return [
      ...(problem === undefined ? [] : [refused('listen', listen, problem)]),
      ...(ofAdmin === undefined ? [] : [refused('admin.listen', admin?.listen ?? '', ofAdmin)]),
    ];
  },
};

const running = (listen: string): Found => ({
  severity: 'note',
  what: `A gateway is running at ${listen}.`,
  at: 'listen',
  why: 'If it has this configuration, nothing is wrong. A second gateway cannot use the same address.',
  fix: 'To start a second gateway, set another port.',
});

/** Says why nothing can listen. A program that has the address may be the gateway itself, which stops at the next start. */
function refused(at: string, address: string, problem: NodeJS.ErrnoException): Found {
  if (problem.code !== 'EADDRINUSE') return { ...foundOf(listenFault(address, problem)), at };
  return {
    severity: 'warning',
    what: `A program already listens at ${address}.`,
    at,
    fix: 'If it is this gateway, ignore the warning. Otherwise stop the program (`ss -ltnp` shows it), or choose another port.',
  };
}
