import { z } from 'zod';
import { lowerHeaderName } from '../../core/http-header.ts';
import { withoutValues } from '../../egress/secret-echo.ts';
import { defineCapability } from '../capability.ts';
import { namesIn } from '../learned-names.ts';
import { substituteSecrets } from '../secret-store/secret-placeholder.ts';
import { isReservedHeader } from './lane/reserved-header.ts';
import { type UpstreamHeader, upstreamHeadersInLane } from './lane.ts';

const mostNames = 32;

const grantSchema = z.strictObject({
  names: z
    .array(
      z
        .string()
        .regex(lowerHeaderName, 'expected the name of a header in lower case, without wildcards')
        .refine(name => !isReservedHeader(name), 'this header can only be set by the gateway and cannot be granted'),
    )
    .min(1)
    .max(mostNames)
    .describe('Headers that the plugin may set, and no others. `authorization` and `cookie` too only where named.'),
  max_bytes: z.int().min(1).max(16_384).default(4096).describe('One value, as the plugin writes it.'),
});

type Grant = z.infer<typeof grantSchema>;

const saidSchema: z.ZodType<UpstreamHeader> = z.object({ name: z.string(), value: z.string() });

/** Headers of the HTTP request that carries a call to its upstream, those that are named and no others. */
export const upstreamHeaders = defineCapability<Grant>({
  ...upstreamHeadersInLane,
  worksInShadow: true,
  gives:
    'headers of the one HTTP request that carries a call to its upstream; set in a before hook, and the last plugin wins',
  risk: 'Lets the plugin set the named headers of requests to HTTP upstreams, in which it can tell them what it sees. With `authorization` or `cookie` among them it decides as whom the gateway asks.',
  grant: grantSchema,
  example: 'upstream_headers: { names: [x-request-source] }',
  hear:
    ({ names }, on) =>
    (message, call) => {
      const { name, value } = saidSchema.parse(message);
      // The lane has checked it, and a lane is not trusted.
      if (!names.includes(name)) return on.refused('set: a header that the grant does not name', call);
      const request = call.upstreamRequest;
      request?.setHeader({
        plugin: on.plugin,
        name,
        fill(url) {
          if (name.replaceAll('_', '-') === request.credentialHeader?.replaceAll('_', '-')) {
            on.refused(`set: the gateway's credentials for this upstream are in the header ${name}`, call);
            return undefined;
          }
          const filled = substituteSecrets(
            on.secrets,
            { plugin: on.plugin, tenant: call.tenant },
            [[name, value]],
            url,
          );
          if ('refused' in filled) {
            on.refused(`set: ${filled.refused}`, call);
            return undefined;
          }
          const { used } = filled;
          return {
            value: filled.headers[0]?.[1] ?? '',
            ...(used.size > 0 && { hide: (text: string) => withoutValues(text, used) }),
          };
        },
      });
    },
  shows: (_grant, _caller, request) => (request === undefined ? {} : { upstreamTakesHeaders: true }),
  deniedBy: '`denied`',
  refuses: {
    not_allowed:
      'a header that the grant does not name, or that only the gateway sets; the answer is `denied`. A placeholder of a secret that may not be sent to this upstream or in this header, and the header of the upstream’s `auth`: the request is blocked',
    over_limit:
      'a value beyond `max_bytes`, and what one hook call sets beyond a hundred notes or `limits.plugin.payload_bytes` of them; the answer is `invalid`',
    invalid: 'a name or a value that is not one, such as one with a line break; the answer is `invalid`',
  },
  learning: {
    ...upstreamHeadersInLane.learning,
    records: 'The names of the headers, which the grant then names; no values. The answer is `denied`.',
    grant: needs => ({ names: namesIn(needs, grantSchema.shape.names.element).slice(0, mostNames) }),
  },
});
