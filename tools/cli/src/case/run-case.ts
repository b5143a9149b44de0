import { openFacilities } from '@sallyport/host/capability';
import type {
  Caller,
  CallReport,
  ChainOutput,
  Request,
  RequestState,
  Response,
  UpstreamRequest,
} from '@sallyport/host/contract';
import { toFaults } from '@sallyport/host/core';
import { createLog, silentLog } from '@sallyport/host/log';
import { checkConfig, createWasmRuntime, type PluginRunner } from '@sallyport/host/plugin';
import { CannedHost } from './canned-host.ts';
import { type Case, type Expectation, effectNames, type Step } from './case-file.ts';
import { toCase, toContract, toPlain } from './contract-value.ts';
import { type Difference, difference, differencesOf } from './difference.ts';
import { federationQuestion, isFederationHook } from './federation-step.ts';
import { isIdentityHook, questionOf } from './identity-step.ts';
import { levelName } from './level-name.ts';
import type { TriedPlugin } from './tried-plugin.ts';

/** The outcome of one step, as plain JSON with the members of `expect`. */
export interface Came {
  readonly outcome: Expectation['outcome'];
  readonly value?: unknown;
  readonly violation?: unknown;
  readonly cause?: string;
  readonly message?: string;
  readonly log: readonly { readonly level: string; readonly message: string }[];
  readonly shared: Readonly<Record<string, string>>;
  /** What capabilities did, by the name of the member of `expect`. */
  readonly [effect: string]: unknown;
}

/** The result of a case. */
export interface CaseResult {
  readonly name: string;
  readonly file: string;
  readonly passed: boolean;
  readonly differences: readonly Difference[];
  /** One outcome per step, or a single `refused` when the plugin did not start. */
  readonly came: readonly Came[];
  /** The time of all hook calls, in milliseconds. */
  readonly wall_ms: number;
  /** The peak memory of its instances, in bytes. */
  readonly memory_bytes: number;
}

/** Runs a case in lanes of its own, so that no case sees the state of another. */
export async function runCase(plugin: TriedPlugin, one: Case, signal: AbortSignal): Promise<CaseResult> {
  const { name, file } = one;
  const lines: Line[] = [];
  const atStart: Line[] = [];
  const host = await CannedHost.create(one.host, plugin.descriptor.id, one.steps[0]?.context.tenant);
  await using facilities = openFacilities({ kv: { store: 'memory' }, secrets: [], audit: {}, log: silentLog() });
  await using opened = new AsyncDisposableStack();
  let runner: PluginRunner;
  try {
    const config = checkConfig(one.config, plugin.descriptor);
    const compiled = await plugin.compile(host.grants(plugin.descriptor));
    const runtime = createWasmRuntime({ capabilities: host.capabilities, log: logInto(lines, atStart) });
    const { id } = plugin.descriptor;
    const entry = { id, ...compiled, config, limits: plugin.limits };
    runner = opened.use(await runtime.open([entry], host.facilities(facilities), { lanes: 1 }));
  } catch (error) {
    const failure = startFailure(error);
    if (failure === undefined) throw error;
    const came = { ...(await host.came(one.steps[0]?.context.tenant)), ...failure, log: atStart, shared: {} };
    const differences = compare(one.refused ?? { outcome: 'it starts' }, came, '');
    return { name, file, passed: differences.length === 0, differences, came: [came], wall_ms: 0, memory_bytes: 0 };
  }

  const differences: Difference[] = [];
  const all: Came[] = [];
  let wall = 0;
  let states = new Map<string, RequestState>();
  if (one.refused !== undefined) differences.push(difference('outcome', 'refused', 'it started'));
  for (const [index, step] of one.steps.entries()) {
    signal.throwIfAborted();
    const { requestId, tenant } = step.context;
    const at = one.steps.length === 1 ? '' : `steps.${index}`;
    host.pass(step.later_ms);
    lines.length = 0;
    const before = states.get(requestId) ?? { local: new Map(), shared: new Map(Object.entries(one.host.shared)) };
    const output = await call(runner, plugin, step, before, host.caller, signal);
    const state = output.state ?? before;
    states = new Map([...states, [requestId, state]]);
    const [report] = output.reports;
    wall += report?.wallMs ?? 0;
    const came: Came = {
      ...outcomeOf(output, report),
      log: [...lines],
      shared: Object.fromEntries(state.shared),
      ...(await host.came(tenant)),
    };
    all.push(came);
    differences.push(...compare(step.expect, came, at), ...host.unexpected());
  }
  differences.push(...host.unused());
  const memory_bytes = runner.usage().get(plugin.descriptor.id)?.memoryMaxBytes ?? 0;
  return { name, file, passed: differences.length === 0, differences, came: all, wall_ms: wall, memory_bytes };
}

/** Returns why the plugin did not start, if the plugin or its config is the reason. */
function startFailure(error: unknown): Pick<Came, 'outcome' | 'message'> | undefined {
  const [fault] = toFaults(error);
  const outcome = fault && startFaults[fault.code];
  const { path = '', reason = fault?.message } = fault?.details ?? {};
  return outcome && { outcome, message: path === '' ? String(reason) : `${path}: ${reason}` };
}

const startFaults: Readonly<Partial<Record<string, Came['outcome']>>> = {
  plugin_refused_config: 'refused',
  plugin_config_invalid: 'refused',
  plugin_start_failed: 'failed',
  plugin_start_timeout: 'failed',
};

type Line = Came['log'][number];

/** Creates a log that collects the plugin's lines: those of calls, and the others, which come from its start. */
const logInto = (ofCalls: Line[], others: Line[]) =>
  createLog('debug', {
    write(text) {
      const { level, msg, plugin, request } = JSON.parse(text);
      if (plugin !== undefined)
        (request === undefined ? others : ofCalls).push({ level: levelName(level), message: msg });
    },
  });

/** The request to the upstream that a before hook can set headers of. The case compares what the plugin sets. */
const upstreamRequest: UpstreamRequest = { setHeader: () => {} };

/** The methods of MCP in a case that names none. */
const methods = { policy_decide: 'tools/call', policy_decide_many: 'tools/list' };

function call(
  runner: PluginRunner,
  { descriptor }: TriedPlugin,
  { hook, request, response, context: { tenant, subject, method, scopes, ...context } }: Step,
  state: RequestState,
  caller: Caller,
  signal: AbortSignal,
): Promise<ChainOutput> {
  const calls = [{ plugin: descriptor.id, stopOnBlock: true, stopOnFailure: true }];
  const common = { ...context, ...(tenant !== undefined && { tenant }), ...(subject !== undefined && { subject }) };
  if (isIdentityHook(hook)) {
    return runner.run({ calls, context: common, state, caller, ...questionOf(hook, request ?? {}) }, signal);
  }
  if (isFederationHook(hook)) {
    return runner.run({ calls, context: common, state, caller, ...federationQuestion(hook, request ?? {}) }, signal);
  }
  if (hook === 'policy_decide' || hook === 'policy_decide_many') {
    const about = { ...common, method: method ?? methods[hook], scopes: scopes ?? [] };
    const value = toContract<Request>(request);
    const asked =
      hook === 'policy_decide' ? { stage: 'decide' as const, value } : { stage: 'decideMany' as const, value: [value] };
    return runner.run({ calls, context: about, state, caller, ...asked }, signal);
  }
  return runner.run(
    {
      calls,
      context: common,
      state,
      caller,
      ...(request === undefined
        ? { stage: 'after', value: toContract<Response>(response) }
        : { stage: 'before', value: toContract<Request>(request), upstreamRequest }),
    },
    signal,
  );
}

function outcomeOf(
  { value, answer, identified, decisions }: ChainOutput,
  report: CallReport | undefined,
): Pick<Came, 'outcome' | 'value' | 'violation' | 'cause' | 'message'> {
  switch (report?.outcome) {
    case 'modified':
      return { outcome: 'modified', value: toPlain(value) };
    case 'respond':
      return { outcome: 'respond', value: toPlain(answer ?? identified) };
    case 'block':
      return { outcome: 'block', violation: toPlain(report.violation) };
    case 'failed':
      return { outcome: 'failed', cause: report.cause, message: report.message };
    default: {
      const decision = decisions?.[0];
      return decision?.tag === 'deny' ? { outcome: 'block', violation: toPlain(decision.val) } : { outcome: 'proceed' };
    }
  }
}

type Wanted = Omit<Expectation, 'outcome'> & { readonly outcome: Expectation['outcome'] | 'it starts' };

/** Compares the outcome, and every other member that is expected. */
function compare(expected: Wanted, came: Came, at: string): readonly Difference[] {
  const path = (name: string) => (at === '' ? name : `${at}.${name}`);
  if (expected.outcome !== came.outcome) {
    const { outcome, value, violation, cause, message, log } = came;
    const got = toCase({ outcome, value, violation, cause, message, log: log.length > 0 ? log : undefined });
    return [difference(path('outcome'), expected.outcome, Object.keys(got as object).length === 1 ? outcome : got)];
  }
  const wanted: Readonly<Record<string, unknown>> = expected;
  const whole = ['value', 'cause', 'shared', ...effectNames].flatMap(name =>
    wanted[name] === undefined ? [] : differencesOf(wanted[name], came[name], path(name)),
  );
  const stated = Object.entries(expected.violation ?? {}).flatMap(([name, wanted]) =>
    differencesOf(wanted, (came.violation as Readonly<Record<string, unknown>>)[name], path(`violation.${name}`)),
  );
  const message =
    expected.message === undefined || came.message?.includes(expected.message)
      ? []
      : [difference(path('message'), expected.message, came.message)];
  return [...whole, ...stated, ...message, ...(expected.log === undefined ? [] : compareLog(expected.log, came, path))];
}

function compareLog(
  expected: NonNullable<Expectation['log']>,
  { log }: Came,
  path: (name: string) => string,
): readonly Difference[] {
  const fits = expected.length === log.length && expected.every((line, index) => isLine(line, log[index]));
  if (fits) return [];
  const isPart = expected.some(
    ({ message }) => message && log.some(line => line.message.includes(message) && line.message !== message),
  );
  return [
    difference(path('log'), expected, log, isPart ? 'message is a whole line; contains is part of one' : undefined),
  ];
}

const isLine = (
  { level, message, contains }: NonNullable<Expectation['log']>[number],
  line: Came['log'][number] | undefined,
): boolean =>
  line !== undefined &&
  (level === undefined || level === line.level) &&
  (message === undefined || message === line.message) &&
  (contains === undefined || line.message.includes(contains));
