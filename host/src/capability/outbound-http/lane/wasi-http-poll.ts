import { Pollable } from '../../lane/pollable.ts';

/** A pollable that becomes ready when `settled` is: for lanes that run with JSPI, where waiting parks the instance. */
export class PromisePollable extends Pollable {
  #ready = false;
  readonly #settled: Promise<unknown>;

  constructor(settled: Promise<unknown>) {
    super(Number.POSITIVE_INFINITY);
    this.#settled = settled.then(
      () => this.#end(),
      () => this.#end(),
    );
  }

  override ready(): boolean {
    return this.#ready;
  }

  override async block(): Promise<void> {
    await this.#settled;
  }

  #end(): void {
    this.#ready = true;
  }
}

/** Waits, without holding up the thread, until one of `list` is ready. (wasi:io/poll, `poll`) */
export async function pollWaiting(list: readonly Pollable[]): Promise<Uint32Array> {
  const readyNow = () => Uint32Array.from([...list.keys()].filter(index => list[index]?.ready()));
  for (let ready = readyNow(); ; ready = readyNow()) {
    if (ready.length > 0 || list.length === 0) return ready;
    const wait = Math.min(...list.map(each => each.at)) - performance.now();
    let timer: NodeJS.Timeout | undefined;
    const time = new Promise<void>(resolve => {
      if (wait < 2 ** 31) timer = setTimeout(resolve, Math.ceil(wait));
    });
    await Promise.race([time, ...list.filter(each => each instanceof PromisePollable).map(each => each.block())]);
    clearTimeout(timer);
  }
}
