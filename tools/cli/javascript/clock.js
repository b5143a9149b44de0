/** Implements `Date` and `performance` with the capability `clock`. */
import { clock } from 'sallyport:powers';
import { isBuilt, refuseTopLevel } from './phase.js';
import { isOfPackage } from './places.js';
import { provide } from './provide.js';

/**
 * Returns the time. At build time a package that reads it at its top level, as lodash does, gets 1970, because the value
 * becomes part of the component. The author's own modules get an error, because they may expect the time of a call.
 * @param {string} what
 * @param {() => number} ask
 */
function time(what, ask) {
  if (isBuilt()) return ask();
  if (!isOfPackage(new Error().stack)) refuseTopLevel(what);
  return 0;
}

const now = () => time('Date', () => Number(clock.nowMs()));
const RealDate = Date;

provide(
  'Date',
  new Proxy(RealDate, {
    construct: (target, values, asked) => Reflect.construct(target, values.length === 0 ? [now()] : values, asked),
    apply: () => new RealDate(now()).toString(),
  }),
);
RealDate.now = now;
RealDate.prototype.constructor = Date;
provide('performance', { now: () => time('performance.now', () => Number(clock.monotonicNs()) / 1e6) });
