/**
 * The program of a lane, in a thread or a process of its own. It starts one instance of each plugin, then runs the chains that it is sent.
 * It knows no policy: what to call, and where to stop, comes with each job.
 */
import { saveCodeCache } from '../../core/code-cache.ts';
import { CallScope } from './call-scope.ts';
import { type InstanceSupply, runChain } from './chain.ts';
import { failureOf } from './failure.ts';
import { hardenThread } from './harden.ts';
import { Instance, isThenable, type ToGateway } from './instance.ts';
import { InstancePool } from './instance-pool.ts';
import { MemoryMeter } from './memory-meter.ts';
import type { Job, JobResult, LogLine, StartFailure, ToLane } from './message.ts';
import { Progress, startingJob } from './progress.ts';
import { takeSeat } from './seat.ts';
import { ThreadClock } from './thread-clock.ts';

// Node has read it. Nothing here has an environment.
delete process.env.NODE_COMPILE_CACHE;
const { data, send, listen } = await takeSeat();

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

/** Jobs that are under way where calls wait: the chain, and the call that it is in. */
const underWay = new Map<number, { readonly chain: ReturnType<typeof runChain>; call: number }>();

/** A call of this job is about to go on. */
function wake(job: number): void {
  const usedMs = clock?.turn(job);
  const way = underWay.get(job);
  if (way !== undefined) progress.enter(job, way.call, usedMs);
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
    const way = underWay.get(job);
    if (way !== undefined) way.call = call;
    progress.enter(job, call, clock?.used(job));
  },
  leave: () => progress.leave(),
});

/** A pure chain never waits: each step is its own answer. */
function runNow(job: Job): JobResult {
  const chain = runChain(job.id, job.input, supplyFor(job.id));
  let step = chain.next();
  while (step.done !== true) step = chain.next(step.value);
  return step.value;
}

async function runLater(job: Job): Promise<JobResult> {
  const chain = runChain(job.id, job.input, supplyFor(job.id));
  underWay.set(job.id, { chain, call: 0 });
  wake(job.id);
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

function run(jobs: readonly Job[]): void {
  if (!asynchronous) {
    const results = jobs.map(runNow);
    tellMemory();
    send({ type: 'done', results });
    return;
  }
  for (const job of jobs) {
    void runLater(job).then(
      result => {
        if (!underWay.delete(job.id)) return;
        clock?.end(job.id);
        tellMemory();
        send({ type: 'done', results: [result] });
      },
      error => {
        // What a dropped chain waited for may fail later, and is nobody's.
        if (underWay.has(job.id)) throw error;
      },
    );
  }
}

/** Ends a job that waits. What it waited for never comes, so that its guest does not go on unseen. */
function drop(job: number): void {
  const way = underWay.get(job);
  underWay.delete(job);
  for (const [ask, question] of waiting) if (question.job === job) waiting.delete(ask);
  way?.chain.return(undefined as never);
  const cpuMs = clock?.end(job) ?? 0;
  tellMemory();
  send({ type: 'dropped', job, cpuMs });
}

listen((message: ToLane) => {
  if (message.type === 'run') return run(message.jobs);
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
  const logs: LogLine[] = [];
  for (const [index, plugin] of data.plugins.entries()) {
    const scope = new CallScope(startingJob);
    const open = scope.open(plugin.id, plugin.limits);
    progress.enter(startingJob, index);
    try {
      pool.keepFirst(plugin, await Instance.start(plugin, open, gateway));
    } catch (thrown) {
      const { cause, message, declared } = failureOf(thrown);
      failures.push({ plugin: plugin.id, cause: declared ? 'refused' : cause, message });
    } finally {
      progress.leave();
      open.close();
      logs.push(...scope.logs);
    }
  }
  tellMemory();
  send({ type: 'started', failures, logs });
}

hardenThread();
await start();
saveCodeCache();
