/**
 * The program of a lane, in a thread or a process of its own. It starts one instance of each plugin, then runs the chains that it is sent.
 * It knows no policy: what to call, and where to stop, comes with each job.
 */
import { CallScope } from './call-scope.ts';
import { type InstanceSupply, runChain } from './chain.ts';
import { failureOf } from './failure.ts';
import { disarmCodeConstructors } from './harden.ts';
import { Instance, isThenable, type ToGateway } from './instance.ts';
import { InstancePool } from './instance-pool.ts';
import type { Job, JobResult, LogLine, StartFailure, ToLane } from './message.ts';
import { Progress, startingJob } from './progress.ts';
import { takeSeat } from './seat.ts';

const { data, send, listen } = await takeSeat();

const progress = new Progress(data.progress);
const plugins = new Map(data.plugins.map(plugin => [plugin.id, plugin]));
const asynchronous = data.plugins.some(plugin => plugin.component.asynchronous);

const waiting = new Map<number, PromiseWithResolvers<unknown>>();
let asks = 0;

const told = new Set<string>();
/** Different refusals that one lane tells of: whoever makes more of them is known by now. */
const toldAtMost = 1024;

const gateway: ToGateway = {
  ask(job, plugin, capability, request) {
    asks += 1;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(asks, answer);
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

const pool = new InstancePool(gateway);

const supplyFor = (job: number): InstanceSupply => ({
  plugins,
  lend: (plugin, tenant, scope) => pool.lend(plugin, tenant, scope),
  giveBack: (plugin, tenant, instance) => pool.giveBack(plugin, tenant, instance),
  enter: call => progress.enter(job, call),
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

const dropped = new Set<number>();

function run(jobs: readonly Job[]): void {
  if (!asynchronous) {
    send({ type: 'done', results: jobs.map(runNow) });
    return;
  }
  for (const job of jobs) {
    void runLater(job).then(result => {
      if (!dropped.delete(job.id)) send({ type: 'done', results: [result] });
    });
  }
}

listen((message: ToLane) => {
  if (message.type === 'run') return run(message.jobs);
  if (message.type === 'drop') {
    // The parked call's instance is never given back: it stays behind with its promise, and both are collected.
    dropped.add(message.job);
    return send({ type: 'dropped', job: message.job });
  }
  const answer = waiting.get(message.ask);
  waiting.delete(message.ask);
  if (message.error === undefined) answer?.resolve(message.value);
  else answer?.reject(new Error(message.error));
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
  send({ type: 'started', failures, logs });
}

disarmCodeConstructors();
await start();
