import { createRemoteJWKSet, jwtVerify } from 'jose';
import { errors, type Provider, type ResourceServer } from 'oidc-provider';

export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessToken = 'urn:ietf:params:oauth:token-type:access_token';

/**
 * Lets a client with the grant exchange the access token of a user for one of the same user with another audience
 * (RFC 8693). It takes every audience; a server that is not for trying out would ask which client may have which.
 */
export function allowTokenExchange(provider: Provider, resourceServer: (audience: string) => ResourceServer): void {
  const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
  const userOf = async (token: string) => {
    const { payload } = await jwtVerify(token, keys, { issuer: provider.issuer, typ: 'at+jwt' }).catch(() => {
      throw new errors.InvalidGrant('the subject token is not valid');
    });
    return payload.sub ?? '';
  };

  provider.registerGrantType<{ subject_token: string; subject_token_type: string; audience: string; scope?: string }>(
    tokenExchange,
    async context => {
      const { client, params } = context.oidc;
      const { audience, scope, subject_token, subject_token_type } = params;
      if (subject_token_type !== accessToken) throw new errors.InvalidRequest('expected an access token');
      const accountId = await userOf(subject_token);
      const grantId = await new provider.Grant({ accountId, clientId: client.clientId }).save();
      const token = new provider.AccessToken({
        ...{ client, accountId, grantId, gty: 'token_exchange', scope: scope ?? '' },
        resourceServer: new provider.ResourceServer(audience, resourceServer(audience)),
      });
      context.body = {
        ...{ access_token: await token.save(), issued_token_type: accessToken, token_type: 'Bearer' },
        expires_in: token.expiration,
      };
    },
    ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'resource', 'scope'],
  );
}
