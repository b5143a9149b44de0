/** `Date` and `performance` ask the capability `clock`. */
import { clock } from 'sallyport:powers';
import { isBuilt, refuseTopLevel } from './phase.js';
import { isOfPackage } from './places.js';
import { provide } from './provide.js';

/**
 * A package that asks for the time at its top level, as lodash does, is told that it is 1970: what it is told becomes part
 * of the component. An author's own module is refused, because it could mean the time of a call.
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
