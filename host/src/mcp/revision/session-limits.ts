/** The limits of sessions, from `limits` in sallyport.yaml. */
export interface SessionLimits {
  readonly sessions: number;
  /** The milliseconds after which an idle session ends. */
  readonly session_idle_ms: number;
  /** The maximum number of open notification streams. */
  readonly streams: number;
  /** The share of one address in the sessions and streams that the others leave. */
  readonly address_share: number;
}
