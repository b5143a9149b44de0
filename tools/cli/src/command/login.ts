import { fail } from '@sallyport/host/core/fault';
import { dockerConfigFile } from '@sallyport/host/source/oci/docker-config';
import { checkLogin, storeLogin } from '@sallyport/host/source/oci/docker-login';
import { registryOptions } from '../artifact/place.ts';
import { defineCommand } from '../command.ts';
import { registryName } from '../registry-name.ts';

export const command = defineCommand({
  summary: 'keep a login for a registry, where docker, podman and skopeo find it too',
  about: `The registry is asked whether it takes the login. It is kept with the credential helper that docker's config.json
names, or else in that file. A password is never taken from the command line, which other users of the machine may see.`,
  arguments: { REGISTRY: { says: 'host[:port], for example ghcr.io' } },
  options: {
    username: { short: 'u', value: 'NAME', says: 'asked for without' },
    'password-stdin': { says: 'take the password, or a token, from stdin' },
    ...registryOptions,
  },
  example: 'sallyport login ghcr.io -u acme --password-stdin < token.txt',
  async run({ options, args }, { terminal, env, signal }) {
    const registry = registryName(args.REGISTRY);
    const stdin = options['password-stdin'];
    const instead = 'use --username NAME and --password-stdin';
    const username =
      options.username ?? (stdin ? undefined : await terminal.ask(`Username for ${registry}`, { instead }));
    if (!username || username.includes(':'))
      fail('usage', { missing: '--username NAME', what: 'a name without a colon' });
    const password = stdin
      ? await terminal.read()
      : await terminal.ask(`Password for ${username} at ${registry}`, { hidden: true, instead });
    if (password === '') fail('usage', { registry, what: 'the password is empty' });
    const policy = { plainHttp: options['plain-http'], tokenHosts: options['token-host'] };
    await checkLogin(registry, { username, password }, policy, signal);
    const kept = await storeLogin(registry, { username, password }, env);
    if (kept === dockerConfigFile(env)) {
      terminal.say(`${kept} holds the password unencrypted, for its owner to read; a credential helper would not`);
    }
    return { json: { registry, username, kept }, text: `registry: ${registry}\nusername: ${username}\nkept: ${kept}` };
  },
});
