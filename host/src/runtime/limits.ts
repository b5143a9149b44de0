/** What one plugin may use. */
export interface PluginLimits {
  /** All memories of one instance of the component together, in bytes. */
  readonly memoryBytes: number;
  /** One hook call from its start to its end, waiting included, in milliseconds. */
  readonly timeoutMs: number;
  /** One hook call on a lane's thread, waiting not included, in milliseconds. */
  readonly cpuMs: number;
  /** Starting an instance, `configure` included, in milliseconds. */
  readonly startMs: number;
  /** Translating the component, once, in milliseconds. */
  readonly compileMs: number;
  /** Log lines that one hook call may write; the rest is counted and dropped. */
  readonly logLines: number;
  /** Bytes (UTF-16 code units) that one hook call may log; a longer line is cut. */
  readonly logBytes: number;
  /** Characters of text and bytes of blobs that one hook call may be shown, and may answer with. */
  readonly payloadBytes: number;
  /** Questions that one hook call may put to asynchronous capabilities. */
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

/** Why a call was ended that used more of its lane's thread than it may. */
export const overCpu = (limitMs: number): string => `it used more than ${limitMs} ms of CPU (limits.cpu_ms)`;
