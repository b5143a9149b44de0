import { type NodeWorker, type Profiler, Session } from 'node:inspector';

type Collected = Profiler.TakePreciseCoverageReturnType;

interface Answer {
  readonly id: number;
  readonly result?: Collected;
}

/**
 * Counts which functions run, in this thread and in every thread that starts later. A thread waits at its start until
 * it is counted too. `take` returns what ran since the last `take`.
 */
export class Coverage {
  readonly #session = new Session();
  readonly #workers = new Set<string>();
  readonly #waiting = new Map<number, (result: Collected | undefined) => void>();
  #lastId = 0;

  static async start(): Promise<Coverage> {
    const coverage = new Coverage();
    await coverage.#start();
    return coverage;
  }

  async #start(): Promise<void> {
    this.#session.connect();
    this.#session.on('NodeWorker.attachedToWorker', ({ params }) => this.#attach(params));
    this.#session.on('NodeWorker.detachedFromWorker', ({ params }) => this.#workers.delete(params.sessionId));
    this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => this.#receive(params));
    await this.#post('NodeWorker.enable', { waitForDebuggerOnStart: true });
    await this.#post('Profiler.enable');
    await this.#post('Profiler.startPreciseCoverage', precise);
  }

  /** Returns the addresses of the modules of which a function ran. Running a module's own statements does not count. */
  async take(): Promise<ReadonlySet<string>> {
    const threads = [...this.#workers].map(worker => this.#ask(worker, 'Profiler.takePreciseCoverage'));
    const taken = [await this.#post('Profiler.takePreciseCoverage'), ...(await Promise.all(threads))];
    const scripts = taken.flatMap(each => each?.result ?? []);
    return new Set(scripts.filter(hasRun).map(({ url }) => url));
  }

  stop(): void {
    this.#session.disconnect();
  }

  #attach({ sessionId }: NodeWorker.AttachedToWorkerEventDataType): void {
    this.#workers.add(sessionId);
    void this.#ask(sessionId, 'Profiler.enable');
    void this.#ask(sessionId, 'Profiler.startPreciseCoverage', precise);
    void this.#ask(sessionId, 'Runtime.runIfWaitingForDebugger');
  }

  /** Sends a command to a thread. One that ends before it answers has nothing to report. */
  #ask(sessionId: string, method: string, params: object = {}): Promise<Collected | undefined> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(undefined), 5000);
      this.#waiting.set(id, result => {
        clearTimeout(timer);
        resolve(result);
      });
      this.#session.post('NodeWorker.sendMessageToWorker', {
        sessionId,
        message: JSON.stringify({ id, method, params }),
      });
    });
  }

  #receive({ message }: NodeWorker.ReceivedMessageFromWorkerEventDataType): void {
    const { id, result } = JSON.parse(message) as Answer;
    this.#waiting.get(id)?.(result);
    this.#waiting.delete(id);
  }

  #post(method: string, params: object = {}): Promise<Collected | undefined> {
    return new Promise((resolve, reject) => {
      this.#session.post(method, params, (error, result) =>
        error === null ? resolve(result as Collected) : reject(error),
      );
    });
  }
}

const precise = { callCount: true, detailed: false };

/** Whether a function ran, other than the whole module, which is the function that begins the file. */
const hasRun = ({ functions }: Profiler.ScriptCoverage): boolean =>
  functions.some(({ ranges }) => ranges.some(({ startOffset, count }) => startOffset > 0 && count > 0));
