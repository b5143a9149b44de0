/** The limits of one plugin. */
export interface PluginLimits {
  /** The memory of one instance of the component, all of its memories together, in bytes. */
  readonly memoryBytes: number;
  /** The time of one hook call, waiting included, in milliseconds. */
  readonly timeoutMs: number;
  /** The time of one hook call on a lane's thread, without waiting, in milliseconds. */
  readonly cpuMs: number;
  /**
   * Units of fuel of one hook call, and of the start of an instance, `configure` included: see injectFuel. Undefined
   * where it is not limited. A component is compiled for a limit or for none.
   */
  readonly fuel?: number;
  /** The time to start an instance, `configure` included, in milliseconds. */
  readonly startMs: number;
  /** The time to translate the component, in milliseconds. */
  readonly compileMs: number;
  /** Log lines that one hook call may write. The rest are counted and dropped. */
  readonly logLines: number;
  /** Bytes (UTF-16 code units) that one hook call may log. A longer line is cut. */
  readonly logBytes: number;
  /** Characters of text and bytes of blobs that one hook call may be shown, and may return. */
  readonly payloadBytes: number;
  /** Requests that one hook call may make to asynchronous capabilities. */
  readonly hostCalls: number;
  /** Characters that a plugin may keep in the state of one request. */
  readonly stateBytes: number;
}

export const defaultLimits: PluginLimits = {
  memoryBytes: 64 * 2 ** 20,
  timeoutMs: 1000,
  cpuMs: 1000,
  startMs: 5000,
  compileMs: 60_000,
  logLines: 100,
  logBytes: 32_768,
  payloadBytes: 8 * 2 ** 20,
  hostCalls: 100,
  stateBytes: 65_536,
};

/** The fuel of a plugin on the gateway's thread, which nothing else stops, unless the operator states another limit. */
export const inlineFuel = 50_000_000;

/** Returns the message of a call that exceeded its limit of CPU time. */
export const overCpu = (limitMs: number): string => `it used more than ${limitMs} ms of CPU (limits.cpu_ms)`;
