import type { Check } from '../check.ts';

/** This version of the gateway runs at no other time. */
const plausible = { from: Date.UTC(2026, 0), to: Date.UTC(2100, 0) };

/** Whether the clock is plainly wrong. Another check compares it with those of authorization servers. */
export const clock: Check = {
  id: 'DR108',
  severity: 'error',
  about: "this machine's clock",
  why: 'Whether a token, certificate or trust key is valid depends on the time.',
  fix: 'Set the clock, and synchronize it with NTP.',
  find({ machine }) {
    const now = machine.now();
    if (now >= plausible.from && now < plausible.to) return [];
    return [{ what: `The clock is set to ${new Date(now).toISOString()}.` }];
  },
};
