import { z } from 'zod';
import { cidr } from '../../core/cidr.ts';
import { hostOrWildcardProblem, hostProblem, originProblem } from '../host-pattern.ts';

/** Value types that several sections use. */

export const text = z.string().min(1);

/** A command or its environment. The operating system allows no NUL there, and its error would quote the value. */
export const systemText = z.string().regex(/^[^\0]*$/, 'contains a NUL character, which cannot be passed to a process');

/** A text that `problem` accepts. The JSON Schema has no pattern for it, because it may contain variables. */
const spelled = (problem: (text: string) => string | undefined) =>
  text.superRefine((value, context) => {
    const message = problem(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
export const hostText = spelled(hostProblem);
/** A host, or `*.` and the domain of hosts. */
export const hostOrWildcardText = spelled(hostOrWildcardProblem);
export const originText = spelled(originProblem);

export const MiB = 2 ** 20;
export const bytes = z
  .int()
  .min(1024)
  .max(1024 * MiB);
export const milliseconds = z.int().min(1).max(3_600_000);
export const count = z.int().min(1).max(1_000_000);
export const memoryMib = z.int().min(1).max(4096);
/** Units of fuel. A day of computing is less than the maximum. */
export const fuelUnits = z
  .int()
  .min(1)
  .max(10 ** 15);

/** An idle time, between a second and a week. */
export const idle = (ms: number) =>
  z
    .int()
    .min(1_000)
    .max(7 * 24 * 3_600_000)
    .default(ms);

/** For objects that must have exactly one of `names`; at most one when `optional`. */
export const oneOf =
  (names: readonly string[], optional = false) =>
  (value: Readonly<Record<string, unknown>>, context: z.RefinementCtx) => {
    const given = names.filter(name => value[name] !== undefined).length;
    if (given === 1 || (optional && given === 0)) return;
    const message = `expected ${optional ? 'at most' : 'exactly'} one of ${names.join(', ')}; found ${given === 0 ? 'none' : given}`;
    context.addIssue({ code: 'custom', message });
  };

/** The networks of proxies. */
export const proxyNetworks = z.array(cidr).min(1);
