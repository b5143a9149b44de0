/** Errors of requests of which not a byte was sent. */
const unsent = new WeakSet<object>();

/** Notes that not a byte of the request was sent that failed with this error. */
export function markUnsent(thrown: unknown): void {
  if (typeof thrown === 'object' && thrown !== null) unsent.add(thrown);
}

/** Whether a request certainly was not executed, because not a byte of it was sent. */
export const isUnsent = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && unsent.has(thrown);
