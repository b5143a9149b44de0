import { allow, deny, policy } from '@sallyport/plugin';

interface Config {
  readonly prefix: string;
  readonly scope: string;
}

export const { lifecycle, policyCheck } = policy<Config>({
  defaults: { prefix: 'delete_', scope: 'admin' },

  configure({ scope }) {
    if (scope === '') throw new Error('scope must not be empty');
  },

  decide(request, { scopes }, { prefix, scope }) {
    const needsScope = request.tag === 'tool-call' && request.val.name.startsWith(prefix);
    return needsScope && !scopes.includes(scope) ? deny('SCOPE_REQUIRED', `The scope ${scope} is required.`) : allow;
  },
});
