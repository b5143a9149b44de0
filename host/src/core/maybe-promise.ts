/** A value that may be there at once. Where speed counts, only promises are awaited: each await costs a turn. */
export type MaybePromise<T> = T | Promise<T>;

/** Calls `next` with the value: at once where it is there, and otherwise when its promise is fulfilled. */
export const whenThere = <T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> =>
  value instanceof Promise ? value.then(next) : next(value);
