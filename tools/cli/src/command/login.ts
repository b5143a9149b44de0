import { fail } from '@sallyport/host/core';
import { checkLogin, dockerConfigFile, storeLogin } from '@sallyport/host/source';
import { registryOptions } from '../artifact/place.ts';
import { defineCommand } from '../command.ts';
import { registryName } from '../registry-name.ts';

export const command = defineCommand({
  summary: 'store a login for a registry, where docker, podman and skopeo find it too',
  about: `The login is tried on the registry first. It is stored with the credential helper that docker's config.json names,
or else in that file. A password is never read from the command line, which other users of the machine can see.`,
  arguments: { REGISTRY: { says: 'host[:port], for example ghcr.io' } },
  options: {
    username: { short: 'u', value: 'NAME', says: 'the username; prompted for if omitted' },
    'password-stdin': { says: 'read the password, or a token, from stdin' },
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
      fail('usage', { missing: '--username NAME', what: 'expected a name without a colon' });
    const password = stdin
      ? await terminal.read()
      : await terminal.ask(`Password for ${username} at ${registry}`, { hidden: true, instead });
    if (password === '') fail('usage', { registry, what: 'the password is empty' });
    const policy = { plainHttp: options['plain-http'], tokenHosts: options['token-host'] };
    await checkLogin(registry, { username, password }, policy, signal);
    const kept = await storeLogin(registry, { username, password }, env);
    if (kept === dockerConfigFile(env)) {
      terminal.say(
        `${kept} stores the password unencrypted, readable by its owner; a credential helper would encrypt it`,
      );
    }
    return { json: { registry, username, kept }, text: `registry: ${registry}\nusername: ${username}\nkept: ${kept}` };
  },
});
