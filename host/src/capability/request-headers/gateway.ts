import { z } from 'zod';
import { lowerHeaderName } from '../../core/http-header.ts';
import { defineCapability } from '../capability.ts';
import { namesIn } from '../learned-names.ts';
import { requestHeadersInLane } from './lane.ts';

const mostNames = 64;

const grantSchema = z.strictObject({
  names: z
    .array(z.string().regex(lowerHeaderName, 'expected the name of a header in lower case, without wildcards'))
    .min(1)
    .max(mostNames)
    .describe('The only headers that the plugin may read.'),
});

/** Headers of the client's request, those that are named and no others. */
export const requestHeaders = defineCapability({
  ...requestHeadersInLane,
  worksInShadow: true,
  gives: "the client's headers that the grant names",
  risk: "Lets the plugin read the named headers of clients. If they include `authorization` or `cookie`, it reads the clients' credentials.",
  grant: grantSchema,
  example: 'request_headers: { names: [user-agent, accept-language] }',
  shows: ({ names }, { headers = {} }) => ({
    headers: Object.fromEntries(names.filter(name => Object.hasOwn(headers, name)).map(name => [name, headers[name]])),
  }),
  deniedBy: 'no such header',
  refuses: {
    not_allowed: 'a header that the grant does not name; the call returns nothing, as for a header that does not exist',
  },
  learning: {
    ...requestHeadersInLane.learning,
    records: 'The names of the headers that were read, which the suggested grant lists. The call returns nothing.',
    grant: needs => ({ names: namesIn(needs, grantSchema.shape.names.element).slice(0, mostNames) }),
  },
});
