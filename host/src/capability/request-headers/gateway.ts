import { z } from 'zod';
import { lowerHeaderName } from '../../core/http-header.ts';
import { defineCapability } from '../capability.ts';
import { namesIn } from '../learned-names.ts';
import { requestHeadersInLane } from './lane.ts';

const mostNames = 64;

const grantSchema = z.strictObject({
  names: z
    .array(z.string().regex(lowerHeaderName, 'the name of a header, in lower case, without wildcards'))
    .min(1)
    .max(mostNames)
    .describe('Headers that the plugin may read, and no others.'),
});

/** Headers of the client's request, those that are named and no others. */
export const requestHeaders = defineCapability({
  ...requestHeadersInLane,
  risk: "Lets the plugin read the named headers of clients. With `authorization` or `cookie` among them it reads the clients' credentials.",
  grant: grantSchema,
  example: 'request_headers: { names: [user-agent, accept-language] }',
  shows: ({ names }, { headers = {} }) => ({
    headers: Object.fromEntries(names.filter(name => Object.hasOwn(headers, name)).map(name => [name, headers[name]])),
  }),
  deniedBy: 'that there is none',
  refuses: { not_allowed: 'a header that the grant does not name; the answer is that there is none' },
  learning: {
    ...requestHeadersInLane.learning,
    records:
      'The names of the headers that were asked for, which the grant then names. The answer is that there is none.',
    grant: needs => ({ names: namesIn(needs, grantSchema.shape.names.element).slice(0, mostNames) }),
  },
});
