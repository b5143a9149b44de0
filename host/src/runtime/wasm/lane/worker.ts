/**
 * The program of a lane, in a thread or a process of its own. It starts one instance of each plugin, then runs the
 * chains that it is sent. It knows no policy: what to call, and where to stop, comes with each job.
 */
import type { ChainOutput, HookCall } from '../../../contract/hook-call.ts';
import { saveCodeCache } from '../../../core/save-code-cache.ts';
import { ChainScope, type Store } from './call-scope.ts';
import { type ChainContext, runChain } from './chain.ts';
import { openChannel } from './channel.ts';
import { failureOf } from './failure.ts';
import type { ToGateway } from './guest-imports.ts';
import { hardenThread } from './harden.ts';
import { HostCalls } from './host-calls.ts';
import { Instance } from './instance.ts';
import { InstancePool } from './instance-pool.ts';
import type { Job, JobResult, StartFailure, ToLane } from './message.ts';
import { heaviest, weightOf } from './payload-limit.ts';
import { noJob, Progress, RecordBuffer, startingJob } from './shared-memory.ts';
import { ThreadClock } from './thread-clock.ts';
import { packResults, unpackJobs } from './wire.ts';

// Node has read it. The code of a lane sees no environment.
delete process.env.NODE_COMPILE_CACHE;
const { data, send, listen } = await openChannel();

const progress = new Progress(data.progress);
const records = data.records === undefined ? undefined : new RecordBuffer(data.records);
const plugins = new Map(data.plugins.map(plugin => [plugin.id, plugin]));
const asynchronous = data.plugins.some(plugin => plugin.component.asynchronous);

/** Measures which job uses the thread. Where no call waits, it is the one that runs. */
const clock = asynchronous ? new ThreadClock() : undefined;
const hostCalls = new HostCalls(send, data.answers);

const gateway: ToGateway = {
  cpuMs: job => (job === startingJob ? 0 : (clock?.used(job) ?? 0)),
  ask: (job, plugin, capability, request) => hostCalls.ask(job, plugin, capability, request),
  askNow: (job, plugin, capability, request) => hostCalls.askNow(job, plugin, capability, request),
  number: data.number,
  refused: (plugin, capability, need) => hostCalls.refused(plugin, capability, need),
};
const instances = new InstancePool((plugin, scope) => Instance.start(plugin, scope, gateway));

type Calls = readonly HookCall[];

interface JobUnderWay {
  readonly chain: ReturnType<typeof runChain>;
  readonly scope: ChainScope;
  /** The place of the current call. */
  call: number;
}
/** The jobs under way, in a lane where calls wait. */
const underWay = new Map<number, JobUnderWay>();

/** Keeps a log line or note in shared memory, or sends it at once if the lane has no shared memory. */
const store: Store = (record, scope) => (records === undefined ? sendRecords(scope) : records.add(record));

function sendRecords(scope: ChainScope): void {
  const taken = scope.takeRecords();
  if (taken !== undefined) send({ type: 'records', job: scope.job, records: taken });
}

/** Notes that a call starts or continues. Shared memory then holds its records that were not sent, and no others. */
function enterCall(job: number, call: number, nowMs?: number): void {
  const usedMs = clock?.turn(job);
  if (records !== undefined && (records.job !== job || !asynchronous)) {
    const before = underWay.get(records.job);
    if (before !== undefined) sendRecords(before.scope);
    records.begin(job, call);
  }
  progress.enter(job, call, usedMs, nowMs);
}

const context: ChainContext = {
  plugins,
  instances,
  cpuMs: job => clock?.used(job),
  enter(job, call, nowMs) {
    const current = underWay.get(job);
    if (current !== undefined) current.call = call;
    enterCall(job, call, nowMs);
  },
  leave(job) {
    if (records?.job === job) records.begin(noJob, 0);
    progress.leave();
  },
};

function resultOf(id: number, output: ChainOutput, scope: ChainScope): JobResult {
  const taken = scope.takeRecords();
  return taken === undefined ? { id, output } : { id, output, records: taken };
}

/** Runs the chain of a pure plugin. It never waits: a promise, too, is taken as the value. */
function runNow({ id, input }: Job): JobResult {
  const scope = new ChainScope(id, store, input);
  const chain = runChain(input, scope, context);
  let step = chain.next();
  while (step.done !== true) step = chain.next(step.value);
  return resultOf(id, step.value, scope);
}

async function runLater(chain: JobUnderWay['chain']): Promise<ChainOutput> {
  let step = chain.next();
  while (step.done !== true) {
    let value: unknown;
    try {
      value = await step.value;
    } catch (thrown) {
      step = chain.throw(thrown);
      continue;
    }
    step = chain.next(value);
  }
  return step.value;
}

/** Sends changes of memory. Called before the result of the call that changed it, so that they arrive first. */
function sendMemory(): void {
  const uses = instances.changedMemory();
  if (uses !== undefined) send({ type: 'memory', uses });
}

type Ended = readonly (readonly [JobResult, Calls])[];

/** Sends results. A result that cannot be sent is a failure of the call that returned it, and of no other. */
function sendResults(ended: Ended): void {
  try {
    send({ type: 'done', results: packResults(ended) });
  } catch (thrown) {
    if (ended.length > 1) for (const each of ended) sendResults([each]);
    else for (const [result, calls] of ended) sendFailure(result, calls, thrown);
  }
}

function sendFailure({ id, output: { reports }, records: left }: JobResult, calls: Calls, thrown: unknown): void {
  const odd = reports.findIndex(report => !isJson(report));
  const last = reports.findLastIndex(({ outcome }) => outcome === 'modified' || outcome === 'respond');
  const place = [odd, last, reports.length - 1].find(each => each !== -1) ?? 0;
  const { plugin = '', wallMs = 0, cpuMs } = reports[place] ?? {};
  const cost = { plugin, wallMs, ...(cpuMs !== undefined && { cpuMs }) };
  const failure = { ...cost, outcome: 'failed', cause: 'invalid_output', message: failureOf(thrown).message } as const;
  const output = { reports: [...reports.slice(0, place), failure] };
  const result = { id, output, ...(left !== undefined && isJson(left) && { records: left }) };
  send({ type: 'done', results: packResults([[result, calls]]) });
}

function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Runs jobs one after the other, and sends their results together unless these are heavy. A chain that made host calls
 * may have had effects, so its result is sent at once: it is not run again if a later chain ends this lane.
 */
function runAllNow(jobs: readonly Job[]): void {
  let ended: [JobResult, Calls][] = [];
  let weight = 0;
  for (const [place, job] of jobs.entries()) {
    const result = runNow(job);
    ended.push([result, job.input.calls]);
    const { value, answer, decisions } = result.output;
    weight += weightOf(value) + weightOf(answer) + weightOf(decisions) + weightOf(result.records);
    const hasEffects = result.output.reports.some(({ hostCalls = 0 }) => hostCalls > 0);
    if (weight < heaviest && !hasEffects && place < jobs.length - 1) continue;
    sendMemory();
    sendResults(ended);
    ended = [];
    weight = 0;
  }
}

function startJob({ id, input }: Job): void {
  const scope = new ChainScope(id, store, input);
  const chain = runChain(input, scope, context);
  underWay.set(id, { chain, scope, call: 0 });
  void runLater(chain).then(
    output => {
      if (!underWay.delete(id)) return;
      clock?.end(id);
      sendMemory();
      sendResults([[resultOf(id, output, scope), input.calls]]);
    },
    error => {
      // A dropped chain's promise may be rejected later. Then it has no listener.
      if (underWay.has(id)) throw error;
    },
  );
}

/** Ends a job that waits. Its host calls are never answered, so that its guest does not continue unseen. */
function drop(job: number): void {
  const current = underWay.get(job);
  underWay.delete(job);
  hostCalls.drop(job);
  current?.chain.return(undefined as never);
  const cpuMs = clock?.end(job) ?? 0;
  sendMemory();
  const left = current?.scope.takeRecords();
  send({ type: 'dropped', job, cpuMs, ...(left !== undefined && { records: left }) });
}

function answer({ ask, value, error }: Extract<ToLane, { type: 'answer' }>): void {
  const call = hostCalls.take(ask);
  if (call === undefined) return;
  const current = underWay.get(call.job);
  if (current !== undefined) enterCall(call.job, current.call);
  if (error === undefined) call.answer.resolve(value);
  else call.answer.reject(new Error(error));
}

/** The lists of calls that this lane was sent. */
const lists: Calls[] = [];

listen((message: ToLane) => {
  if (message.type === 'drop') return drop(message.job);
  if (message.type === 'answer') return answer(message);
  lists.push(...message.jobs.lists);
  const jobs = unpackJobs(message.jobs, lists);
  if (asynchronous) jobs.forEach(startJob);
  else runAllNow(jobs);
}, !asynchronous);

async function start(): Promise<void> {
  const failures: StartFailure[] = [];
  for (const [index, plugin] of data.plugins.entries()) {
    const scope = new ChainScope(startingJob, store);
    const open = scope.open(plugin);
    records?.begin(startingJob, index);
    progress.enter(startingJob, index);
    try {
      instances.keepFirst(plugin, await Instance.start(plugin, open, gateway));
    } catch (thrown) {
      const { cause, message, declared } = failureOf(thrown);
      failures.push({ plugin: plugin.id, cause: declared ? 'refused' : cause, message });
    } finally {
      progress.leave();
      open.close();
      sendRecords(scope);
    }
  }
  records?.begin(noJob, 0);
  sendMemory();
  send({ type: 'started', failures });
}

hardenThread();
await start();
saveCodeCache();
