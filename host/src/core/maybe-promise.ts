/** A value or a promise of it. Hot paths await only promises, because each await costs a turn. */
export type MaybePromise<T> = T | Promise<T>;

/** Calls `next` with the value, immediately or when its promise is fulfilled. */
export const whenThere = <T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> =>
  value instanceof Promise ? value.then(next) : next(value);
