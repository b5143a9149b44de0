import { z } from 'zod';

const sentSchema = z.object({
  url: z.string().refine(text => URL.canParse(text)),
  secrets: z.array(z.object({ name: z.string(), header: z.string() })),
});

/** This host cannot be reached (RFC 2606): it lets a reference be made, and used nowhere. */
const nowhere = 'https://unknown.invalid';

/** Where a secret was seen to go, from what was recorded of requests. */
export function usesOf(name: string, requests: readonly unknown[] = []): { origins: string[]; headers?: string[] } {
  const sent = requests.flatMap(request => sentSchema.safeParse(request).data ?? []);
  const sending = sent.filter(({ secrets }) => secrets.some(secret => secret.name === name));
  if (sending.length === 0) return { origins: [nowhere] };
  const headers = sending.flatMap(({ secrets }) => secrets.filter(each => each.name === name).map(each => each.header));
  return {
    origins: [...new Set(sending.map(({ url }) => new URL(url).origin))].sort(),
    headers: [...new Set(headers)].sort(),
  };
}
