import { z } from 'zod';

/** The entries of one page, and their maximum. */
const usual = 100;
const most = 1_000;

/** The parameters of a list that is read in pages. */
export const pageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,4}$/, 'expected a number')
    .transform(Number)
    .pipe(z.int().min(1).max(most))
    .default(usual)
    .describe(`How many entries are returned at most: ${usual} unless stated, up to ${most}.`),
  after: z.string().optional().describe('`next` of the page before.'),
});

/** Returns a page of a list, in the order of the names. */
export function pageOf<T>(
  all: readonly T[],
  nameOf: (each: T) => string,
  { limit, after }: z.output<typeof pageQuery>,
): { readonly page: T[]; readonly total: number; readonly next?: string } {
  const sorted = all.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
  const rest = after === undefined ? sorted : sorted.filter(each => nameOf(each) > after);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return { page, total: all.length, ...(rest.length > limit && last !== undefined && { next: nameOf(last) }) };
}
