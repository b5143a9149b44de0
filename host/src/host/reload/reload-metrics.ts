import type { Metrics, Series } from '../../core/metrics.ts';

const families = {
  reloads: 'sallyport_reloads_total',
  success: 'sallyport_reload_success',
  time: 'sallyport_reload_timestamp_seconds',
  generation: 'sallyport_config_generation',
};

/** Counts reloads, and shows which configuration is running. */
export class ReloadMetrics {
  readonly #succeeded: Series;
  readonly #failed: Series;
  readonly #success: Series;
  readonly #time: Series;
  readonly #generation: Series;

  constructor(metrics: Metrics) {
    metrics.declare(families.reloads, { type: 'counter', help: 'Reloads of the configuration, by result.' });
    metrics.declare(families.success, {
      type: 'gauge',
      help: 'Whether the last reload of the configuration file succeeded; 1 before the first.',
    });
    metrics.declare(families.time, {
      type: 'gauge',
      help: 'When the running configuration was loaded, in seconds since the epoch.',
    });
    metrics.declare(families.generation, {
      type: 'gauge',
      help: 'The number of configurations that were served since the start.',
    });
    this.#succeeded = metrics.series(families.reloads, { result: 'success' });
    this.#failed = metrics.series(families.reloads, { result: 'failure' });
    this.#success = metrics.series(families.success, {});
    this.#time = metrics.series(families.time, {});
    this.#generation = metrics.series(families.generation, {});
    this.#success.set(1);
    this.#show(1);
  }

  /** Must be called when the configuration was read again and is used. */
  succeeded(generation: number): void {
    this.#succeeded.add(1);
    this.#success.set(1);
    this.#show(generation);
  }

  /** Must be called when something else was changed: whether the file can be used is not known from that. */
  changed(generation: number): void {
    this.#show(generation);
  }

  failed(): void {
    this.#failed.add(1);
    this.#success.set(0);
  }

  #show(generation: number): void {
    this.#time.set(Date.now() / 1000);
    this.#generation.set(generation);
  }
}
