import type { IncomingMessage } from 'node:http';
import type { ConnectFlows, FlowCookie, NextStep, ReadCookie } from '../../connect/connect-flows.ts';
import { codes } from '../../core/codes/index.ts';
import { fail, toFault } from '../../core/fault.ts';
import { Cancelled } from '../../mcp/cancelled.ts';
import { readBody } from '../body.ts';
import { type RequestContext, type Routed, serveRequest } from '../open-request.ts';
import type { HttpReply } from '../reply.ts';
import type { HostAndOrigin } from '../step/host-and-origin.ts';
import { pageHeaders } from './page.ts';
import { connectedPage, consentPage, faultPage } from './pages.ts';

export interface ConnectEndpointOptions {
  readonly flows: ConnectFlows;
  /** The URL that browsers use, without a trailing slash. */
  readonly publicUrl: string;
}

interface EndpointContext {
  readonly hostAndOrigin: HostAndOrigin;
  readonly context: RequestContext;
}

/** The maximum size of the form, in bytes. */
const formBytes = 4_096;
/** The seconds that a browser keeps a cookie. */
const cookieSeconds = 3_600;

/** Serves the pages on which users connect accounts. */
export class ConnectEndpoint {
  readonly #options: ConnectEndpointOptions;
  readonly #origin: string;
  readonly #isSecure: boolean;
  readonly #context: EndpointContext;

  constructor(options: ConnectEndpointOptions, context: EndpointContext) {
    const { origin, protocol } = new URL(options.publicUrl);
    this.#options = options;
    this.#origin = origin;
    this.#isSecure = protocol === 'https:';
    this.#context = context;
  }

  /** The paths before `/connect`: a proxy may keep the path of the public URL, or remove it. */
  get prefixes(): ReadonlySet<string> {
    return new Set(['', new URL(this.#options.publicUrl).pathname.replace(/\/$/, '')]);
  }

  open(routed: Routed, token: string): Promise<void> {
    return this.#serve(routed, cookie => this.#options.flows.open(token, cookie));
  }

  agree(routed: Routed, token: string): Promise<void> {
    return this.#serve(routed, async cookie => {
      const { incoming } = routed;
      this.#checkForm(incoming);
      const form = new URLSearchParams(await readBody(incoming, formBytes));
      return this.#options.flows.agree(token, form.get('csrf') ?? '', cookie);
    });
  }

  signedIn(routed: Routed): Promise<void> {
    return this.#serve(routed, cookie => this.#options.flows.signedIn(queryOf(routed.incoming), cookie));
  }

  connected(routed: Routed, upstream: string): Promise<void> {
    return this.#serve(routed, cookie => this.#options.flows.connected(upstream, queryOf(routed.incoming), cookie));
  }

  #serve(routed: Routed, step: (cookie: ReadCookie) => Promise<NextStep>): Promise<void> {
    const { hostAndOrigin, context } = this.#context;
    return serveRequest(context, routed, async (request, reply) => {
      hostAndOrigin.passPage(routed);
      context.running.pass();
      try {
        this.#show(reply, await step(name => cookieIn(routed.incoming, this.#cookieName(name))));
      } catch (reason) {
        if (reason instanceof Cancelled) throw reason;
        const fault = toFault(reason);
        reply.answer(codes[fault.code].http ?? 502, faultPage(fault, request.id), pageHeaders());
        request.finish(fault);
      }
    });
  }

  /** Refuses a form of another site. Browsers send `null` as the origin of a page without a referrer. */
  #checkForm({ headers }: IncomingMessage): void {
    const { origin = 'null', 'sec-fetch-site': site = 'same-origin', 'content-type': type = '' } = headers;
    const isOwn = (origin === 'null' || origin === this.#origin) && site === 'same-origin';
    if (!isOwn || !/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type))
      fail('connect_failed', { reason: 'browser' });
  }

  #show(reply: HttpReply, step: NextStep): void {
    if (step.kind === 'redirect') {
      const cookie = step.cookie && this.#setCookie(step.cookie, cookieSeconds);
      const headers = { ...pageHeaders(), location: step.url, ...(cookie !== undefined && { 'set-cookie': cookie }) };
      reply.answer(303, '', headers);
    } else if (step.kind === 'consent') reply.answer(200, consentPage(step), pageHeaders(step.server));
    else {
      const ended = this.#setCookie({ name: step.ended, value: '' }, 0);
      reply.answer(200, connectedPage(step.upstream), { ...pageHeaders(), 'set-cookie': ended });
    }
  }

  /** A name with this prefix cannot be set by a page of another host, nor without TLS (RFC 6265bis § 4.1.3.2). */
  #cookieName(name: string): string {
    return this.#isSecure ? `__Host-${name}` : name;
  }

  #setCookie({ name, value }: FlowCookie, seconds: number): string {
    const secure = this.#isSecure ? '; Secure' : '';
    return `${this.#cookieName(name)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
  }
}

const queryOf = ({ url = '' }: IncomingMessage) => new URLSearchParams(url.split('?').slice(1).join('?'));

/** Returns the value of a cookie. One that is sent twice is not used, because one of them may be forged. */
function cookieIn({ headers: { cookie = '' } }: IncomingMessage, name: string): string | undefined {
  const found = cookie.split(';').flatMap(pair => {
    const [key = '', value = ''] = pair.trim().split('=', 2);
    return key === name ? [value] : [];
  });
  return found.length === 1 ? found[0] : undefined;
}
