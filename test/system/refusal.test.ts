import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RefusalCase } from '../../host/src/capability/refusal.case.ts';
import { capabilities } from '../../host/src/capability/registry.ts';
import type { RefusalReason } from '../../host/src/contract/hook-call.ts';
import { type DoingGuest, openDoingGuest } from '../fixtures/doing-guest.ts';
import { watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';

type Guest = Awaited<ReturnType<typeof openDoingGuest>>;

/** The case of each capability, from its folder. */
const caseOf = new Map<string, RefusalCase>();
for (const { name } of capabilities) {
  const path = new URL(`../../host/src/capability/${name.replaceAll('_', '-')}/refusal.case.ts`, import.meta.url);
  const { refusalCase } = (await import(fileURLToPath(path))) as { refusalCase: RefusalCase };
  caseOf.set(name, refusalCase);
}
const valuesOf = <K extends keyof RefusalCase>(member: K) =>
  Object.fromEntries(
    [...caseOf].flatMap(([name, { [member]: value }]) => (value === undefined ? [] : [[name, value]])),
  );

/** A guest with the functions of these capabilities, all in one component. */
const imports = (names: readonly string[]) => {
  const cases = names.flatMap(name => caseOf.get(name) ?? []);
  const functions = cases.flatMap(({ functions: members = [] }) => members);
  return `${cases.map(each => each.imports ?? '').join('\n')}\nconst f = { ${functions.join(', ')} };`;
};

const all = capabilities.map(({ name }) => name);
const named = capabilities.filter(({ always }) => always !== true).map(({ name }) => name);
const optional = capabilities.filter(({ denied }) => denied !== undefined).map(({ name }) => name);

const limits = { logLines: 3, stateBytes: 100, hostCalls: 5, timeoutMs: 10_000 };
const tools = { within: [], madeBy: () => 0, call: async () => ({ err: { tag: 'not-found', val: '' } }) };
const grants = valuesOf('grant');
const secrets = [{ name: 'word', env: 'SALLYPORT_REFUSAL_WORD' }];
const uses = valuesOf('uses') as Readonly<Record<string, readonly unknown[][]>>;
const smallest = valuesOf('smallest');

it.each(capabilities)('[CAP-70] every way in which $name refuses has a case', ({ name, refuses, learning }) => {
  expect(new Set(caseOf.get(name)?.refused.map(({ reason }) => reason))).toEqual(new Set(Object.keys(refuses)));
  expect(Object.hasOwn(smallest, name) && Object.hasOwn(uses, name)).toBe(learning !== undefined);
});

/** What was counted and audited of a capability while `work` ran. */
async function refusedIn(guest: Guest, capability: string, reason: RefusalReason, work: () => Promise<unknown>) {
  const before = guest.refusals(capability, reason);
  guest.lines.length = 0;
  await work();
  const events = guest.audited().filter(event => event.capability === capability);
  return { counted: guest.refusals(capability, reason) - before, events };
}

const opened = new AsyncDisposableStack();
const open = async (guest: DoingGuest) => opened.use(await openDoingGuest({ ...guest, limits, secrets }));
let granted: Guest;
let denied: Guest;
let learning: Guest;
let exits: Guest;
beforeAll(async () => {
  process.env.SALLYPORT_REFUSAL_WORD = 'open sesame';
  const whole = { imports: imports(all), asks: { required_capabilities: named } };
  granted = await open({ ...whole, grants });
  learning = await open({ ...whole, grants: 'learn' });
  denied = await open({ imports: imports(optional), asks: { optional_capabilities: optional } });
  exits = await open({ bytes: await exiting() });
}, 300_000);
afterAll(() => opened.disposeAsync());

const cases = [...caseOf].flatMap(([capability, { refused }]) => refused.map(use => ({ capability, ...use })));

describe('a use that a grant does not let through', () => {
  it.each(cases)('[CAP-71] is counted and audited: $capability, $reason', async ({ capability, ...row }) => {
    const { reason, task, what, times = 1 } = row;
    const guest = capability === 'inert_wasi' ? exits : granted;
    const tasks = capability === 'log' ? [1, 2, 3, 4, 5].map(() => task) : [task];
    const { counted, events } = await refusedIn(guest, capability, reason, () => guest.run(tasks, { tools }));
    expect(counted).toBe(times);
    expect(events).toEqual([
      {
        ...{ event: 'capability.refused', plugin: 'does', capability, request: 'r-1' },
        details: { what: expect.stringContaining(what), reason, ...(times === 1 ? {} : { times }) },
      },
    ]);
  });

  it('[CAP-71] is one event when it is refused again and again, and beyond a hundred kinds just a number', async () => {
    const looks = Array.from({ length: 150 }, (_, index) => ['header', `x-${index % 120}`]);
    const { counted, events } = await refusedIn(granted, 'request_headers', 'not_allowed', () => granted.run(looks));
    expect(counted).toBe(150);
    expect(events).toHaveLength(101);
    expect(events[0]).toMatchObject({ details: { what: 'get: the header x-0 is not named by the grant', times: 2 } });
    expect(events.at(-1)).toMatchObject({ details: { what: 'further uses', times: 20 } });
  });

  it('[CAP-71] is counted for host calls and notes beyond the limits of one call', async () => {
    const asks = Array.from({ length: 7 }, () => ['get', 'a']);
    const beyond = await refusedIn(granted, 'kv_store', 'over_limit', () => granted.run(asks));
    expect([beyond.counted, beyond.events[0]?.details]).toMatchObject([1, { what: expect.stringContaining('5 host') }]);
    const counts = Array.from({ length: 110 }, () => ['count', 'a', [], 1]);
    const dropped = await refusedIn(granted, 'metrics', 'over_limit', () => granted.run(counts));
    expect([dropped.counted, dropped.events[0]?.details]).toMatchObject([
      10,
      { what: expect.stringContaining('notes') },
    ]);
  });
});

describe.each(optional)('%s', capability => {
  it('[CAP-72] where it is optional and was not granted, is refused, counted and audited at each use', async () => {
    const [task = []] = uses[capability] ?? [];
    const { counted, events } = await refusedIn(denied, capability, 'not_granted', () => denied.run([task, task]));
    expect(counted).toBe(2);
    expect(events).toMatchObject([{ details: { reason: 'not_granted', times: 2 } }]);
  });
});

describe.each(named)('%s, while its plugin is learning,', capability => {
  it('[CAP-73] is refused, recorded, and told as the smallest grant, which the file accepts', async () => {
    const tasks = uses[capability] ?? [];
    const { counted } = await refusedIn(learning, capability, 'not_granted', () => learning.run(tasks, { caller: {} }));
    expect(counted).toBeGreaterThanOrEqual(1);
    const recorded = learning.uses;
    expect(JSON.stringify(recorded)).not.toMatch(/s3cret|b=c|x{50}/);
    const { grant, learning: learns } = capabilities.find(({ name }) => name === capability) ?? {};
    const argument = learns?.grant(recorded[capability] ?? [], recorded);
    if (capability !== 'outbound_http') expect(argument).toEqual(smallest[capability]);
    expect(grant?.safeParse(argument)).toMatchObject({ success: true });
  });
});

it('[CAP-73] all of that grants nothing', async () => {
  expect(Object.keys(learning.uses).toSorted()).toEqual(named.toSorted());
  const { learning: learns } = capabilities.find(({ name }) => name === 'outbound_http') ?? {};
  expect(learns?.grant(learning.uses.outbound_http ?? [], learning.uses)).toEqual(smallest.outbound_http);
  const [now, drawn, kept, word] = (await learning.run([
    ['now'],
    ['draw', 5],
    ['get', 'a'],
    ['secret', 'word'],
  ])) as unknown[];
  expect([now, drawn]).toEqual([0, 5]);
  expect([kept, word]).toMatchObject([{ error: { tag: 'denied' } }, { error: { tag: 'denied' } }]);
  expect(learning.facilities.metrics.text()).not.toContain('plugin_hits');
});

const exiting = () =>
  watGuest(guestDescriptor('does'), {
    fields: '(import "wasi:cli/exit@0.2.3" "exit" (func $exit (param i32)))',
    before: '(call $exit (i32.const 0))',
    world: `
      package wasi:cli@0.2.3 { interface exit { exit: func(status: result); } }
      world plugin { import wasi:cli/exit@0.2.3; export lifecycle; export dispatch-hooks; }`,
  });
