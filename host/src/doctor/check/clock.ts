import type { Check } from '../check.ts';

/** No gateway ran before, and none of this version will run after. */
const plausible = { from: Date.UTC(2026, 0), to: Date.UTC(2100, 0) };

/** A clock that is plainly wrong. By how much it differs from others is another check. */
export const clock: Check = {
  id: 'DR108',
  severity: 'error',
  about: "the machine's clock",
  why: 'Tokens, certificates and trust keys are valid for a time.',
  fix: 'Set the clock, and keep it right with NTP.',
  find({ machine }) {
    const now = machine.now();
    if (now >= plausible.from && now < plausible.to) return [];
    return [{ what: `The clock says ${new Date(now).toISOString()}.` }];
  },
};
