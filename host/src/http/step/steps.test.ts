import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../core/fault.ts';
import { anonymous, createPrincipal } from '../../identity/principal.ts';
import type { Authenticate } from '../../identity/scheme.ts';
import { createAuthenticate } from './authenticate.ts';
import { HostAndOrigin } from './host-and-origin.ts';
import { RunningRequests } from './running-requests.ts';
import { type Arrival, passSteps } from './step.ts';
import { createSteps } from './steps.ts';

const ada = createPrincipal({ scheme: 'test', subject: 'ada' });

function arrival(headers: Record<string, string> = { host: 'localhost:80' }): Arrival {
  const incoming = Object.assign(new IncomingMessage(new Socket()), {
    headers,
    rawHeaders: Object.entries(headers).flat(),
  });
  return { incoming, outgoing: new ServerResponse(incoming), principal: anonymous };
}

/** All steps, and what each of them refuses. */
function open(schemes: readonly Authenticate[] = []) {
  const hostAndOrigin = new HostAndOrigin({ allowedHosts: [], allowedOrigins: [] });
  hostAndOrigin.listenOn({ host: '127.0.0.1', port: 80 });
  const running = new RunningRequests(1);
  const steps = createSteps({ hostAndOrigin, running, authentication: { schemes, servesAnonymous: true } });
  const codeOf = async (request: Arrival) => {
    try {
      await passSteps(steps, request);
      return 'passed';
    } catch (thrown) {
      return thrown instanceof Fault ? thrown.code : thrown;
    }
  };
  return { steps, running, codeOf };
}

describe('the steps of a request [GW-112]', () => {
  it('run in a fixed order', () => {
    expect(open().steps.map(({ name }) => name)).toEqual(['host-and-origin', 'overload', 'authenticate']);
  });

  it('are refused by the first that objects', async () => {
    const refuses: Authenticate = () => {
      throw new Fault('internal');
    };
    const { running, codeOf } = open([refuses]);
    const foreign = () => arrival({ host: 'localhost:80', origin: 'https://evil.example' });
    expect(await codeOf(arrival())).toBe('internal');
    for (const _ of [1, 2]) running.add({ cut() {} });
    expect(await codeOf(arrival())).toBe('overloaded');
    running.startDraining();
    expect(await codeOf(arrival())).toBe('draining');
    expect(await codeOf(foreign())).toBe('origin_refused');
  });

  it('let an allowed page read a refusal of its host', async () => {
    const request = arrival({ host: 'evil.example', origin: 'http://localhost:3000' });
    expect(await open().codeOf(request)).toBe('host_refused');
    expect(request.outgoing.getHeader('access-control-allow-origin')).toBe('http://localhost:3000');
  });

  it('return no promise when there is nothing to wait for', () => {
    expect(passSteps(open().steps, arrival())).toBeUndefined();
  });

  it('wait for a step, and run the later ones after it', async () => {
    const done: string[] = [];
    const step = (name: string, pass: () => Promise<void> | void) => ({ name, pass });
    const slow = step('slow', async () => {
      await new Promise(setImmediate);
      done.push('slow');
    });
    await passSteps([slow, step('next', () => void done.push('next'))], arrival());
    expect(done).toEqual(['slow', 'next']);
  });
});

describe('authenticate', () => {
  it('leaves a caller anonymous where there is no scheme, or none that knows the caller', async () => {
    for (const schemes of [[], [() => undefined]]) {
      const request = arrival();
      await createAuthenticate({ schemes, servesAnonymous: true }).pass(request);
      expect(request.principal).toBe(anonymous);
    }
  });

  it('asks the schemes in order, and the first that knows the caller decides', async () => {
    const other = createPrincipal({ scheme: 'other', subject: 'bob' });
    const request = arrival();
    await createAuthenticate({ schemes: [() => undefined, async () => ada, () => other], servesAnonymous: false }).pass(
      request,
    );
    expect(request.principal).toBe(ada);
  });
});

describe('a request that no scheme knows [GW-116]', () => {
  const unknown: Authenticate = async () => undefined;
  const authorized = () => arrival({ host: 'localhost:80', authorization: 'Basic YTpi' });
  const cases = [
    {
      what: 'without credentials',
      request: arrival,
      servesAnonymous: false,
      schemes: [unknown],
      code: 'unauthenticated',
    },
    { what: 'without credentials', request: arrival, servesAnonymous: true, schemes: [unknown], code: undefined },
    {
      what: 'with credentials',
      request: authorized,
      servesAnonymous: false,
      schemes: [unknown],
      code: 'credentials_refused',
    },
    {
      what: 'with credentials',
      request: authorized,
      servesAnonymous: true,
      schemes: [unknown],
      code: 'credentials_refused',
    },
    { what: 'with credentials', request: authorized, servesAnonymous: true, schemes: [], code: undefined },
  ];
  it.each(cases)('$what: $code (anonymous: $servesAnonymous, schemes: $schemes.length)', async each => {
    const { request, code, ...authentication } = each;
    const passing = async () => createAuthenticate(authentication).pass(request());
    if (code === undefined) await passing();
    else await expect(passing()).rejects.toMatchObject({ code });
  });
});

describe('running requests', () => {
  it('are waited for, and cut when they take too long', async () => {
    const running = new RunningRequests(10);
    const cut: string[] = [];
    const request = { cut: ({ code }: Fault) => void cut.push(code) };
    await running.idle(60_000);
    running.add(request);
    const idle = running.idle(60_000);
    running.remove(request);
    await idle;
    running.add(request);
    await running.idle(1);
    expect(running.count).toBe(1);
    running.cut();
    expect(cut).toEqual(['draining']);
  });
});
