import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grantsSchema } from '../../host/src/capability/registry.ts';
import { loadConfig } from '../../host/src/config/load-config.ts';
import { isJsonObject, type Json } from '../../host/src/core/json.ts';
import { createLog } from '../../host/src/core/log.ts';
import { createHost } from '../../host/src/host/create-host.ts';
import { createAuthority, type KeyAndCertificate } from '../fixtures/certificates.ts';
import { startFakeIssuer } from '../fixtures/fake-issuer.ts';
import { blocksOf, patternOf } from '../fixtures/markdown.ts';
import { initialize, mcpHeaders } from '../fixtures/open-gateway.ts';
import { runCommand } from '../fixtures/run-command.ts';
import { itWith } from '../prerequisite.ts';

const marked = blocksOf('docs/identity.md').flatMap(block => {
  const [, setUp, part = 'config'] = /^set-up: (\w+)(?: (\w+))?$/.exec(block.mark) ?? [];
  return setUp === undefined ? [] : [{ ...block, setUp, part }];
});

/** The users of the issuer in the documents. Only ada is in the group that runs the platform. */
const claimsOf: Readonly<Record<string, object>> = {
  ada: { sub: 'ada', org: 'research', groups: ['platform'], scope: 'mcp' },
  bob: { sub: 'bob', org: 'sales', groups: [], scope: 'mcp' },
};

/** An exchange of the documents: a request, in front of it whence and with what it comes, and the answer. */
function parseExchange(text: string) {
  const parts = text.trim().split('\n\n');
  const [asked = '', answered = ''] = parts.filter(part => !part.startsWith('{'));
  const [sent, received] = parts.length === 4 ? [parts[1], parts[3]] : [JSON.stringify(initialize()), parts[2]];
  const lines = asked.split('\n');
  const notes = new Map(lines.filter(line => line.startsWith('# ')).map(line => splitHeader(line.slice(2))));
  const [first = '', ...headers] = lines.filter(line => !line.startsWith('#'));
  const [, path = ''] = /^POST (\S+) HTTP\/1\.1$/.exec(first) ?? [];
  const [status = '', ...answer] = answered.split('\n');
  return {
    ...{ notes, path, sent: sent ?? '', received: received ?? '', headers: headers.map(splitHeader) },
    ...{ status: Number(status.split(' ')[1]), answer: answer.map(splitHeader) },
  };
}

const splitHeader = (line: string): [string, string] => {
  const at = line.indexOf(': ');
  return [line.slice(0, at), line.slice(at + 2)];
};

/** Matches what has these members, and in each of them these again. */
const containing = (value: Json | undefined): unknown =>
  isJsonObject(value)
    ? expect.objectContaining(Object.fromEntries(Object.entries(value).map(([name, each]) => [name, containing(each)])))
    : value;

/** A gateway with a configuration as the documents have it; only addresses of the outside are replaced. */
class SetUp {
  readonly lines: Record<string, unknown>[] = [];
  readonly #opened = new AsyncDisposableStack();
  readonly #folder: string;
  readonly #certificates = new Map<string, KeyAndCertificate>();
  #authority: ReturnType<typeof createAuthority> | undefined;
  #issuer: Awaited<ReturnType<typeof startFakeIssuer>> | undefined;
  #url = '';
  #key = '';

  private constructor(folder: string) {
    this.#folder = folder;
    this.#opened.defer(() => rm(folder, { recursive: true, force: true }));
  }

  static async open(config: string, commands: readonly string[]): Promise<SetUp> {
    const setUp = new SetUp(await mkdtemp(join(tmpdir(), 'sallyport-set-up-')));
    await setUp.#start(config, commands);
    return setUp;
  }

  async #start(config: string, commands: readonly string[]): Promise<void> {
    const issuer = this.#opened.use(await startFakeIssuer());
    this.#issuer = issuer;
    if (config.includes('tls:')) this.#certify();
    const file = join(this.#folder, 'sallyport.yaml');
    await writeFile(
      file,
      config.replace('https://login.example.com', issuer.url).replaceAll('10.1.0.0/16', '127.0.0.1/32'),
    );
    for (const command of commands) {
      const [, ...argv] = command.trim().split(' ');
      const { code, stdout, stderr } = await runCommand([...argv, '-c', file]);
      expect([code, stderr.includes('rror')]).toEqual([0, false]);
      this.#key = /sallyport_\S+/.exec(stdout)?.[0] ?? '';
    }
    const log = createLog('debug', { write: (line: string) => void this.lines.push(JSON.parse(line)) });
    const host = this.#opened.use(await createHost(await loadConfig(file, { grants: grantsSchema }), { log }));
    this.#url = (await host.server.listen({ host: '127.0.0.1', port: 0 })).url;
  }

  #certify(): void {
    this.#authority = createAuthority(this.#folder);
    this.#authority.certify('gateway', 'DNS:mcp.example.com');
    for (const name of ['ingress', 'reporting']) {
      this.#certificates.set(name, this.#authority.certify(name, `URI:spiffe://cluster.example/${name}`));
    }
  }

  /** Sends the request of an exchange, in a session of the same caller if it has the header of one. */
  async send(exchange: ReturnType<typeof parseExchange>) {
    const headers: Record<string, string> = { ...mcpHeaders };
    for (const [name, value] of exchange.headers) headers[name] = await this.#filled(name, value, exchange);
    if (!('mcp-session-id' in headers)) return this.#post(exchange, headers, exchange.sent);
    const { 'mcp-session-id': _, ...own } = headers;
    const opened = await this.#post(exchange, own, JSON.stringify(initialize()));
    return this.#post(exchange, { ...own, 'mcp-session-id': String(opened.headers['mcp-session-id']) }, exchange.sent);
  }

  async #filled(name: string, value: string, { notes }: ReturnType<typeof parseExchange>): Promise<string> {
    if (name === 'host' && value.startsWith('127.0.0.1:')) return new URL(this.#url).host;
    if (value === 'Bearer sallyport_…') return `Bearer ${this.#key}`;
    if (value !== 'Bearer eyJ…') return value;
    const aud = 'https://mcp.example.com/mcp';
    return `Bearer ${await this.#issuer?.sign({ aud, ...claimsOf[notes.get('token') ?? ''] })}`;
  }

  async #post({ path, notes }: ReturnType<typeof parseExchange>, headers: Record<string, string>, body: string) {
    const { protocol, port } = new URL(this.#url);
    const { key, cert } = this.#certificates.get(notes.get('certificate') ?? '') ?? {};
    const localAddress = (notes.get('from') ?? '10.1.').startsWith('10.1.') ? '127.0.0.1' : '127.0.0.2';
    const options = { host: '127.0.0.1', port, path, method: 'POST', headers, localAddress, agent: false as const };
    const sent =
      protocol === 'https:'
        ? httpsRequest({ ...options, key, cert, ca: this.#authority?.ca, servername: 'mcp.example.com' })
        : httpRequest(options);
    sent.end(body);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.on('response', resolve).on('error', reject);
    });
    return { status: response.statusCode, headers: response.headers, body: await readText(response) };
  }

  [Symbol.asyncDispose]() {
    return this.#opened.disposeAsync();
  }
}

it('[RUN-112] the documents have the four usual set-ups', () => {
  expect(marked.filter(({ part }) => part === 'config').map(({ setUp }) => setUp)).toEqual([
    ...['laptop', 'team', 'services', 'ingress'],
  ]);
});

describe.each(marked.filter(({ part }) => part === 'config'))('the set-up in $place', ({ setUp: name, text }) => {
  const own = marked.filter(block => block.setUp === name);
  const needed = text.includes('tls:') ? itWith('openssl') : it;
  let setUp: SetUp | undefined;
  beforeAll(async () => {
    const commands = own.filter(({ part }) => part === 'command').map(block => block.text);
    setUp = await SetUp.open(text, commands).catch(error => {
      if (needed === it) throw error;
      return undefined;
    });
  });
  afterAll(() => setUp?.[Symbol.asyncDispose]());

  for (const [index, block] of own.entries()) {
    if (block.part !== 'exchange') continue;
    const next = own[index + 1];
    const log = next?.part === 'log' ? (JSON.parse(next.text) as Json) : undefined;

    needed(`[RUN-112] answers and logs the request in ${block.place} as it is written`, async () => {
      if (setUp === undefined) throw new Error('the gateway did not start');
      const exchange = parseExchange(block.text);
      const from = setUp.lines.length;
      let answer = await setUp.send(exchange);
      // A limit is reached after as many requests as it allows.
      for (let sent = 0; exchange.status === 429 && answer.status === 200 && sent < 200; sent += 1) {
        answer = await setUp.send(exchange);
      }
      expect([answer.status, answer.body]).toEqual([
        exchange.status,
        expect.stringMatching(patternOf(exchange.received)),
      ]);
      for (const [header, value] of exchange.answer) expect(answer.headers[header]).toMatch(patternOf(value));
      if (log === undefined) return;
      await expect.poll(() => setUp?.lines.slice(from)).toContainEqual(containing(log));
    });
  }
});
