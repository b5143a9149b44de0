import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Checks, patience, runConformanceSuite } from '../fixtures/conformance-suite.ts';
import { startConformanceUpstream } from '../fixtures/conformance-upstream.ts';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHost } from '../fixtures/open-host.ts';

/** How the checks of a scenario differ behind the gateway. */
interface Difference {
  /** Checks that the server passes and the gateway does not. */
  readonly lost: readonly string[];
  /** Failures and warnings. */
  readonly said: readonly string[];
}

/** Scenarios that cannot hold for a gateway. `because` is a quotation from the operator guide that says why. */
type Excuses = Readonly<Record<string, Difference & { readonly because: string }>>;

const excuses: Excuses = {
  'tools-call-sampling': {
    because: 'sampling',
    lost: ['tools-call-sampling'],
    said: ['Server did not request sampling from client'],
  },
  'tools-call-elicitation': {
    because: 'elicitation',
    lost: ['tools-call-elicitation'],
    said: ['Server did not request elicitation from client'],
  },
  'elicitation-sep1034-defaults': {
    because: 'elicitation',
    lost: ['string', 'integer', 'number', 'enum', 'boolean'].map(type => `elicitation-sep1034-${type}-default`),
    said: ['Server did not request elicitation from client'],
  },
  'elicitation-sep1330-enums': {
    because: 'elicitation',
    lost: ['untitled-single', 'titled-single', 'legacy-enumnames', 'untitled-multi', 'titled-multi'].map(
      kind => `elicitation-sep1330-${kind}`,
    ),
    said: ['Server did not request elicitation from client'],
  },
  'resources-subscribe': {
    because: 'Subscriptions to single resources',
    lost: ['resources-subscribe'],
    said: ['Failed: This gateway does not support the method.'],
  },
  'resources-unsubscribe': {
    because: 'Subscriptions to single resources',
    lost: ['resources-unsubscribe'],
    said: ['Failed: This gateway does not support the method.'],
  },
  // What is asked there says nothing before its answer, and so there is no stream to be looked at.
  'server-sse-multiple-streams': {
    because: 'An answer is plain JSON, unless progress or log messages precede it',
    lost: ['server-sse-streams-functional'],
    said: [],
  },
  'server-sse-polling': {
    because: 'the gateway does resume streams that an upstream breaks off',
    lost: ['server-sse-priming-event', 'server-sse-retry-field', 'server-sse-disconnect-resume'],
    said: [],
  },
};

/** Scenarios about what the gateway answers itself. */
const own = ['server-initialize', 'server-session-lifecycle', 'ping', 'logging-set-level', 'dns-rebinding-protection'];

const hooks = [
  ...['tool_pre_invoke', 'tool_post_invoke', 'prompt_pre_fetch', 'prompt_post_fetch'],
  ...['resource_pre_fetch', 'resource_post_fetch', 'tool_list', 'prompt_list', 'resource_list'],
];
/** Reads all that it is shown; gives it back instead of what there was, where the binding is called so. */
const witness = `
let seen = 0;
const look = (context, shown) => {
  seen += JSON.stringify([context, shown]).length;
  return context.binding === 'rewritten' ? { tag: 'modified', val: shown } : { tag: 'proceed' };
};
export const lifecycle = { configure() {} };
export const dispatchHooks = { beforeDispatch: look, afterDispatch: look };
`;

const gateways = [
  { what: 'without plugins', binding: 'plain' },
  { what: 'with a plugin that looks at everything', binding: 'watched' },
  { what: 'over stdio, with a plugin that writes all anew', binding: 'rewritten' },
];

/** The scenarios that the suite has for each revision that the gateway speaks. Plugins never hear of the revision. */
const revisions = [
  { revision: '2025-11-25', scenarios: 33, gateways },
  { revision: '2025-06-18', scenarios: 27, gateways: gateways.slice(0, 1) },
  { revision: '2025-03-26', scenarios: 1, gateways: gateways.slice(0, 1) },
];

let upstream: Awaited<ReturnType<typeof startConformanceUpstream>>;
let gateway: Awaited<ReturnType<typeof openHost>>;
beforeAll(async () => {
  upstream = await startConformanceUpstream();
  const bytes = await jsGuest(guestDescriptor('witness', { hooks, payload: ['blob'] }), witness);
  const server = join(import.meta.dirname, '../fixtures/conformance-server.ts');
  gateway = await openHost([{ id: 'witness', bytes }], upstream.url, {
    upstreams: [
      { id: 'http', http: { url: upstream.url } },
      { id: 'stdio', stdio: { command: process.execPath, args: [server] } },
    ],
    bindings: [
      { id: 'plain', default: true, upstreams: ['http'] },
      { id: 'watched', upstreams: ['http'], transforms: ['witness'], unhooked: 'pass' },
      { id: 'rewritten', upstreams: ['stdio'], transforms: ['witness'], unhooked: 'pass' },
    ],
  });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
});

describe.each(revisions)("the MCP project's conformance suite for $revision", ({ revision, scenarios, gateways }) => {
  let direct: ReadonlyMap<string, Checks>;
  beforeAll(async () => {
    direct = await runConformanceSuite(upstream.url, revision);
  });

  it('[GW-80] passes on the server that stands behind the gateway', () => {
    expect(direct.size).toBe(scenarios);
    for (const [scenario, checks] of direct) {
      expect(complaints(checks), scenario).toEqual([]);
      expect(passed(checks), scenario).not.toEqual([]);
    }
  });

  it.each(gateways)(
    '[GW-80] [GW-81] passes through a gateway $what, but for what is documented',
    { timeout: patience },
    async ({ binding }) => {
      const through = await runConformanceSuite(`${gateway.url}/mcp/${binding}`, revision);
      expect([...through.keys()].sort()).toEqual([...direct.keys()].sort());
      const expected = Object.entries(excuses).flatMap(([scenario, { lost, said }]) =>
        direct.has(scenario) ? [[scenario, { lost, said }]] : [],
      );
      // An excuse that is not needed fails, too.
      expect(differences(direct, through)).toEqual(Object.fromEntries(expected));
    },
  );
});

it('[GW-81] excuses nothing that is not documented, and nothing that the gateway answers itself', async () => {
  const guide = await readFile(join(import.meta.dirname, '../../docs/operator-guide.md'), 'utf8');
  const promised = guide.slice(guide.indexOf('## MCP clients')).replaceAll(/\s+/g, ' ');
  for (const { because } of Object.values(excuses)) expect(promised).toContain(because);
  expect(own.filter(scenario => scenario in excuses)).toEqual([]);
});

it('[GW-80] has asked the plugin at each of its hooks', () => {
  const answers = gateway.lines.flatMap(({ binding, plugins }) =>
    ((plugins ?? []) as { hook: string; outcome: string }[]).map(
      ({ hook, outcome }) => `${binding} ${hook} ${outcome}`,
    ),
  );
  const expected = hooks.flatMap(hook => [`watched ${hook} proceed`, `rewritten ${hook} modified`]);
  expect([...new Set(answers)].sort()).toEqual(expected.sort());
});

const passed = (checks: Checks) => checks.flatMap(({ id, status }) => (status === 'SUCCESS' ? [id] : []));

const complaints = (checks: Checks) =>
  checks.flatMap(({ id, status, errorMessage }) =>
    status === 'FAILURE' || status === 'WARNING' ? [errorMessage ?? id] : [],
  );

/** The scenarios whose checks come to something else on a gateway than on the server behind it. */
function differences(direct: ReadonlyMap<string, Checks>, through: ReadonlyMap<string, Checks>) {
  const found: Record<string, Difference> = {};
  for (const [scenario, checks] of direct) {
    const there = through.get(scenario) ?? [];
    const kept = new Set(passed(there));
    const lost = passed(checks).filter(id => !kept.has(id));
    const said = complaints(there);
    if (lost.length > 0 || said.length > 0) found[scenario] = { lost, said };
  }
  return found;
}
