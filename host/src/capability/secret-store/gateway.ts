import { z } from 'zod';
import { cut } from '../../core/cut.ts';
import { lowerHeaderName } from '../../core/http-header.ts';
import { defineCapability, type Serve, type ServeContext } from '../capability.ts';
import { namesIn } from '../learned-names.ts';
import { denied, longestName, type SecretAnswer, type SecretRequest, secretStoreInLane } from './lane.ts';
import { usesOf } from './secret-learning.ts';

const mostNames = 64;

const nameSchema = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'the name of one of the `secrets` in this file');

const originSchema = z
  .string()
  .refine(
    text => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text,
    'an exact origin in lower case, without path and without the scheme’s own port: https://api.example.com',
  );

const grantSchema = z
  .strictObject({
    names: z.array(nameSchema).max(mostNames).default([]).describe('Secrets whose values the plugin may read.'),
    references: z
      .array(
        z.strictObject({
          name: nameSchema,
          origins: z.array(originSchema).min(1).max(64).describe('The only origins that it may be sent to.'),
          headers: z
            .array(z.string().regex(lowerHeaderName, 'expected the name of a header in lower case'))
            .min(1)
            .max(16)
            .default(['authorization'])
            .describe('The only headers that it may be put into.'),
        }),
      )
      .max(mostNames)
      .default([])
      .describe('Secrets that the gateway puts into headers of requests to these origins; the plugin never sees them.'),
  })
  .superRefine(({ names, references }, context) => {
    if (names.length + references.length === 0) {
      context.addIssue({ code: 'custom', message: 'expected names or references' });
    }
    for (const [index, { name }] of references.entries()) {
      if (references.findIndex(each => each.name === name) === index) continue;
      context.addIssue({ code: 'custom', path: ['references', index, 'name'], message: `duplicate name: ${name}` });
    }
  });

type Grant = z.infer<typeof grantSchema>;

export const requestSchema: z.ZodType<SecretRequest> = z.object({ do: z.enum(['get', 'reference']), name: z.string() });

/** Secrets of the operator: by reference, which a plugin can use and not read, or by value. */
export const secretStore = defineCapability<Grant>({
  ...secretStoreInLane,
  gives: 'named secrets, or better placeholders that the gateway fills in when it sends a request',
  risk: 'With `names`, the plugin reads secrets and can send them anywhere it can send data. With `references`, it never sees them: the gateway puts them into the listed headers of requests to the listed origins.',
  grant: grantSchema,
  example:
    'secret_store: { references: [{ name: api-token, origins: ["https://api.example.com"], headers: [authorization] }] }',
  serve: serveSecretStore,
  // An instance that has read a value of one tenant could give it to another.
  tenantsApart: ({ names }, on) => names.flatMap(name => [...on.secrets.tenantsOf(name)]),
  secretsIn: grant => [...(grant?.names ?? []), ...(grant?.references ?? []).map(({ name }) => name)],
  deniedBy: '`denied`',
  refuses: {
    not_allowed:
      'a name that is not among `names` or `references`; the call returns `denied`. `outbound_http` refuses a placeholder in another header or in a request to another origin',
  },
  learning: {
    ...secretStoreInLane.learning,
    records:
      'The names of the secrets, and the headers and origins that they were sent to; never a value. `get` returns `denied`; `reference` returns a placeholder without a secret behind it, so that its destination is seen.',
    grant: smallestGrant,
  },
});

/** The origin of a reference whose placeholder was never sent, to be filled in by the operator. */
function smallestGrant(needs: readonly unknown[], uses: Readonly<Record<string, readonly unknown[]>>): unknown {
  const asked = needs.flatMap(need => requestSchema.safeParse(need).data ?? []);
  const of = (what: 'get' | 'reference') =>
    namesIn(
      asked.filter(need => need.do === what),
      nameSchema,
    ).slice(0, mostNames);
  const names = of('get');
  const references = of('reference').map(name => ({ name, ...usesOf(name, uses.outbound_http) }));
  return { ...(names.length === 0 ? {} : { names }), ...(references.length === 0 ? {} : { references }) };
}

function serveSecretStore(grant: Grant, on: ServeContext): Serve {
  const uses = new Map(grant.references.map(each => [each.name, each]));
  return async (message, call): Promise<SecretAnswer> => {
    const request = requestSchema.parse(message);
    const name = cut(request.name, longestName);
    if (request.do === 'reference') {
      const use = uses.get(name);
      if (use !== undefined) return { ok: on.secrets.reference(on.plugin, name, use) };
    } else if (grant.names.includes(name)) {
      const value = on.secrets.read(name, call.tenant);
      if (value !== undefined) return { ok: value };
      return { err: { tag: 'unavailable', val: `${name} has no value for this caller now` } };
    }
    const why = `${name} is not among the ${request.do === 'get' ? 'names' : 'references'} of the grant`;
    on.refused(`${request.do}: ${why}`, call);
    return { err: denied(why) };
  };
}
