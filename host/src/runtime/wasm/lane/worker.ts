/**
 * The program of a lane, in a thread or a process of its own. It starts one instance of each plugin, then runs the chains that it is sent.
 * It knows no policy: what to call, and where to stop, comes with each job.
 */
import type { ChainOutput, HookCall, Note } from '../../../contract/hook-call.ts';
import { saveCodeCache } from '../../../core/save-code-cache.ts';
import { CallScope } from './call-scope.ts';
import { type InstanceSupply, runChain } from './chain.ts';
import { openChannel } from './channel.ts';
import { failureOf } from './failure.ts';
import { hardenThread } from './harden.ts';
import { Instance, isThenable, type ToGateway } from './instance.ts';
import { InstancePool } from './instance-pool.ts';
import { MemoryMeter } from './memory-meter.ts';
import type { Job, JobResult, LogLine, Said, StartFailure, ToLane } from './message.ts';
import { heaviest, weightOf } from './payload.ts';
import { noJob, Progress, startingJob } from './progress.ts';
import { Recorder } from './recorder.ts';
import { ThreadClock } from './thread-clock.ts';
import { packResults, unpackJobs } from './wire.ts';

// Node has read it. Nothing here has an environment.
delete process.env.NODE_COMPILE_CACHE;
const { data, send, listen } = await openChannel();

const progress = new Progress(data.progress);
const plugins = new Map(data.plugins.map(plugin => [plugin.id, plugin]));
const asynchronous = data.plugins.some(plugin => plugin.component.asynchronous);

/** Only where calls wait is it not plain who uses the thread. */
const clock = asynchronous ? new ThreadClock() : undefined;
const memory = new MemoryMeter();

interface Question {
  readonly job: number;
  readonly answer: PromiseWithResolvers<unknown>;
}
const waiting = new Map<number, Question>();
let asks = 0;

interface JobUnderWay {
  readonly chain: ReturnType<typeof runChain>;
  readonly scope: CallScope;
  call: number;
}
/** Jobs that are under way where calls wait: the chain, and the call that it is in. */
const underWay = new Map<number, JobUnderWay>();

const recorder = data.recorder === undefined ? undefined : new Recorder(data.recorder);

/** The scope of a job. What is said in it is recorded, or sent at once where nothing can be. */
function scopeOf(job: number, input?: Job['input']): CallScope {
  const record = (said: LogLine | Note) => (recorder === undefined ? tell(job, scope) : recorder.record(said));
  const scope = new CallScope(job, record, input);
  return scope;
}

/** Sends what a job said so far. */
function tell(job: number, scope: CallScope): void {
  const said = scope.take();
  if (said !== undefined) send({ type: 'said', job, said });
}

const saidIn = (scope: CallScope): { said?: Said } => {
  const said = scope.take();
  return said === undefined ? {} : { said };
};

/** A call is about to begin, or to go on. The recorder then holds what it said and was not sent, and no more. */
function turnTo(job: number, call: number): void {
  const usedMs = clock?.turn(job);
  if (recorder !== undefined && (recorder.job !== job || !asynchronous)) {
    const before = underWay.get(recorder.job);
    if (before !== undefined) tell(recorder.job, before.scope);
    recorder.begin(job, call);
  }
  progress.enter(job, call, usedMs);
}

/** A job was answered. */
function wake(job: number): void {
  const current = underWay.get(job);
  if (current !== undefined) turnTo(job, current.call);
}

const told = new Set<string>();
/** Different refusals that one lane tells of: whoever makes more of them is known by now. */
const toldAtMost = 1024;

const gateway: ToGateway = {
  cpuMs: job => (job === startingJob ? 0 : (clock?.used(job) ?? 0)),
  ask(job, plugin, capability, request) {
    asks += 1;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(asks, { job, answer });
    send({ type: 'ask', ask: asks, job, plugin, capability, request });
    return answer.promise;
  },
  refused(plugin, capability, value) {
    const need = JSON.stringify(value);
    const key = `${plugin} ${capability} ${need}`;
    if (told.has(key) || told.size >= toldAtMost) return;
    told.add(key);
    send({ type: 'refused', plugin, capability, need });
  },
};

const pool = new InstancePool(gateway, memory);

const supplyFor = (job: number): InstanceSupply => ({
  plugins,
  lend: (plugin, tenant, scope) => pool.lend(plugin, tenant, scope),
  giveBack: (plugin, tenant, instance) => pool.giveBack(plugin, tenant, instance),
  discard: (plugin, instance) => pool.discard(plugin, instance),
  cpuMs: () => clock?.used(job),
  enter: call => {
    const current = underWay.get(job);
    if (current !== undefined) current.call = call;
    turnTo(job, call);
  },
  leave() {
    if (recorder?.job === job) recorder.begin(noJob, 0);
    progress.leave();
  },
});

/** A pure chain never waits: each step is its own answer. */
function runNow({ id, input }: Job): JobResult {
  const scope = scopeOf(id, input);
  const chain = runChain(input, scope, supplyFor(id));
  let step = chain.next();
  while (step.done !== true) step = chain.next(step.value);
  return { id, output: step.value, ...saidIn(scope) };
}

async function runLater(chain: JobUnderWay['chain']): Promise<ChainOutput> {
  let step = chain.next();
  while (step.done !== true) {
    let value: unknown;
    try {
      value = isThenable(step.value) ? await step.value : step.value;
    } catch (thrown) {
      step = chain.throw(thrown);
      continue;
    }
    step = chain.next(value);
  }
  return step.value;
}

/** Before the answer of whoever changed it, so that it is known when that comes. */
function tellMemory(): void {
  const uses = memory.take();
  if (uses !== undefined) send({ type: 'memory', uses });
}

type Ended = readonly (readonly [JobResult, Job['input']['calls']])[];

/** What cannot be sent costs the call that answered it, and nobody else. */
function sendResults(ended: Ended): void {
  try {
    send({ type: 'done', results: packResults(ended) });
  } catch (thrown) {
    if (ended.length > 1) for (const each of ended) sendResults([each]);
    else for (const [result, calls] of ended) sendFailure(result, calls, thrown);
  }
}

function sendFailure(
  { id, output: { reports }, said }: JobResult,
  calls: Job['input']['calls'],
  thrown: unknown,
): void {
  const odd = reports.findIndex(report => !isJson(report));
  const last = reports.findLastIndex(({ outcome }) => outcome === 'modified' || outcome === 'respond');
  const place = [odd, last, reports.length - 1].find(each => each !== -1) ?? 0;
  const { plugin = '', wallMs = 0, cpuMs } = reports[place] ?? {};
  const cost = { plugin, wallMs, ...(cpuMs !== undefined && { cpuMs }) };
  const failure = { ...cost, outcome: 'failed', cause: 'invalid_output', message: failureOf(thrown).message } as const;
  const output = { reports: [...reports.slice(0, place), failure] };
  const result = { id, output, ...(said !== undefined && isJson(said) && { said }) };
  send({ type: 'done', results: packResults([[result, calls]]) });
}

function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

function run(jobs: readonly Job[]): void {
  if (!asynchronous) {
    let ended: [JobResult, Job['input']['calls']][] = [];
    let weight = 0;
    for (const [place, job] of jobs.entries()) {
      const result = runNow(job);
      ended.push([result, job.input.calls]);
      weight += weightOf(result.output.value) + weightOf(result.output.answer) + weightOf(result.said);
      if (weight < heaviest && place < jobs.length - 1) continue;
      tellMemory();
      sendResults(ended);
      ended = [];
      weight = 0;
    }
    return;
  }
  for (const { id, input } of jobs) {
    const scope = scopeOf(id, input);
    const chain = runChain(input, scope, supplyFor(id));
    underWay.set(id, { chain, scope, call: 0 });
    void runLater(chain).then(
      output => {
        if (!underWay.delete(id)) return;
        clock?.end(id);
        tellMemory();
        sendResults([[{ id, output, ...saidIn(scope) }, input.calls]]);
      },
      error => {
        // What a dropped chain waited for may fail later, and is nobody's.
        if (underWay.has(id)) throw error;
      },
    );
  }
}

/** Ends a job that waits. What it waited for never comes, so that its guest does not go on unseen. */
function drop(job: number): void {
  const current = underWay.get(job);
  underWay.delete(job);
  for (const [ask, question] of waiting) if (question.job === job) waiting.delete(ask);
  current?.chain.return(undefined as never);
  const cpuMs = clock?.end(job) ?? 0;
  tellMemory();
  send({ type: 'dropped', job, cpuMs, ...(current === undefined ? {} : saidIn(current.scope)) });
}

/** The lists of calls that this lane was told. */
const lists: (readonly HookCall[])[] = [];

listen((message: ToLane) => {
  if (message.type === 'run') {
    lists.push(...message.jobs.lists);
    return run(unpackJobs(message.jobs, lists));
  }
  if (message.type === 'drop') return drop(message.job);
  const question = waiting.get(message.ask);
  if (question === undefined) return;
  waiting.delete(message.ask);
  wake(question.job);
  if (message.error === undefined) question.answer.resolve(message.value);
  else question.answer.reject(new Error(message.error));
});

async function start(): Promise<void> {
  const failures: StartFailure[] = [];
  for (const [index, plugin] of data.plugins.entries()) {
    const scope = scopeOf(startingJob);
    const open = scope.open(plugin.id, plugin.limits);
    recorder?.begin(startingJob, index);
    progress.enter(startingJob, index);
    try {
      pool.keepFirst(plugin, await Instance.start(plugin, open, gateway));
    } catch (thrown) {
      const { cause, message, declared } = failureOf(thrown);
      failures.push({ plugin: plugin.id, cause: declared ? 'refused' : cause, message });
    } finally {
      progress.leave();
      open.close();
      tell(startingJob, scope);
    }
  }
  recorder?.begin(noJob, 0);
  tellMemory();
  send({ type: 'started', failures });
}

hardenThread();
await start();
saveCodeCache();
