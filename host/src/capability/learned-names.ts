import { z } from 'zod';

const needSchema = z.object({ name: z.string() });

/** The different names in recorded needs that a grant could name, sorted. */
export const namesIn = (needs: readonly unknown[], grantable: z.ZodType<string>): string[] =>
  [...new Set(needs.flatMap(need => needSchema.safeParse(need).data?.name ?? []))]
    .filter(name => grantable.safeParse(name).success)
    .sort();
