import { z } from 'zod';
import { cut } from '../core/cut.ts';
import { defineCapability } from './capability.ts';
import { namesIn } from './learned-names.ts';

const longestName = 256;
const mostNames = 64;

const grantSchema = z.strictObject({
  names: z
    .array(z.string().regex(/^[a-z0-9!#$%&'*+.^_`|~-]+$/, 'the name of a header, in lower case, without wildcards'))
    .min(1)
    .max(mostNames)
    .describe('Headers that the plugin may read, and no others.'),
});

const wit = 'sallyport:plugin/request-headers';

/** Headers of the client's request, those that are named and no others. */
export const requestHeaders = defineCapability({
  name: 'request_headers',
  wit: [`${wit}@0.1.0`],
  risk: "Lets the plugin read the named headers of clients. With `authorization` or `cookie` among them it reads the clients' credentials.",
  grant: grantSchema,
  example: 'request_headers: { names: [user-agent, accept-language] }',
  shows: ({ names }, { headers = {} }) => ({
    headers: Object.fromEntries(names.filter(name => Object.hasOwn(headers, name)).map(name => [name, headers[name]])),
  }),
  imports: ({ names }, lane) => ({
    [wit]: {
      get: (name: string) => {
        const header = name.toLowerCase();
        if (!names.includes(header)) lane.refused(`get: the header ${cut(header, 64)} is not named by the grant`);
        const { headers = {} } = lane.caller;
        const value = Object.hasOwn(headers, header) ? headers[header] : undefined;
        return typeof value === 'object' ? value.join(', ') : value;
      },
    },
  }),
  denied: { [wit]: { get: () => undefined } },
  deniedBy: 'that there is none',
  refuses: { not_allowed: 'a header that the grant does not name; the answer is that there is none' },
  learning: {
    records:
      'The names of the headers that were asked for, which the grant then names. The answer is that there is none.',
    imports: tell => ({ [wit]: { get: (name: string) => void tell({ name: cut(name, longestName).toLowerCase() }) } }),
    grant: needs => ({ names: namesIn(needs, grantSchema.shape.names.element).slice(0, mostNames) }),
  },
});
