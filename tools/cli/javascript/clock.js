/** `Date` and `performance` ask the capability `clock`. */
import { clock } from 'sallyport:powers';
import { isBuilt, refuseTopLevel } from './phase.js';
import { provide } from './provide.js';

const now = () => {
  if (!isBuilt()) refuseTopLevel('Date');
  return Number(clock.nowMs());
};
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
provide('performance', {
  now: () => {
    if (!isBuilt()) refuseTopLevel('performance.now');
    return Number(clock.monotonicNs()) / 1e6;
  },
});
