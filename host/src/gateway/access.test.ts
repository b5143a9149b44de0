import { describe, expect, it } from 'vitest';
import { type Authenticated, anonymous, createPrincipal, type Principal } from '../identity/principal.ts';
import { AccessRules, accessRules } from './access.ts';
import type { AccessRule, Target } from './access-rule.ts';
import { leavesFolder } from './leaves-folder.ts';

const ada: Authenticated = {
  ...{ scheme: 'sso', tenant: 'one', subject: 'ada', scopes: ['mail:read', 'mail:send'] },
  claims: {
    groups: ['staff', 'support'],
    email_verified: true,
    level: 3,
    realm: { roles: ['admin'], name: 'main' },
    'https://one.example/roles': ['auditor'],
  },
};
const tool = (name: string, upstream = 'mail'): Target => ({ kind: 'tools', name, upstream });
const resource = (name: string, upstream = 'files'): Target => ({ kind: 'resources', name, upstream });
const template = (name: string): Target => ({ ...resource(name), isTemplate: true });
const decide = (allow: readonly AccessRule[], target = tool('send'), caller: Principal = createPrincipal(ada)) =>
  new AccessRules(allow, true).of(caller).decide(target);

describe('[GW-150] a rule', () => {
  it.each<[what: string, rule: AccessRule, isAllowed: boolean]>([
    ['without fields', {}, true],
    ['for the subject', { subjects: ['bob', 'a*'] }, true],
    ['for other subjects', { subjects: ['bob'] }, false],
    ['for the tenant', { tenants: ['one'] }, true],
    ['for another tenant', { tenants: ['two'] }, false],
    ['for the scheme', { schemes: ['s*o'] }, true],
    ['for another scheme', { schemes: ['keys'] }, false],
    ['of scopes that the caller has', { scopes: ['mail:send', 'mail:read'] }, true],
    ['whose scopes look like globs', { scopes: ['mail:*'] }, false],
    ['for one element of a claim', { claims: { groups: ['admin', 'supp*'] } }, true],
    ['for no element of a claim', { claims: { groups: ['admin'] } }, false],
    ['for a true claim', { claims: { email_verified: ['true'] } }, true],
    ['for a number', { claims: { level: ['3'] } }, true],
    ['for a nested claim', { claims: { 'realm.roles': ['admin'] } }, true],
    ['for a claim whose name has dots', { claims: { 'https://one.example/roles': ['auditor'] } }, true],
    ['for a claim that is an object', { claims: { realm: ['*'] } }, false],
    ['for a claim that is absent', { claims: { 'realm.other.deep': ['*'] } }, false],
    ['for a claim of every object', { claims: { 'constructor.name': ['*'] } }, false],
    ['of several claims, all of which match', { claims: { level: ['3'], groups: ['staff'] } }, true],
    ['of several claims, one of which does not', { claims: { level: ['3'], groups: ['admin'] } }, false],
    ['whose other field does not match', { subjects: ['ada'], tenants: ['two'] }, false],
    ['for the upstream', { upstreams: ['ma*'] }, true],
    ['for another upstream', { upstreams: ['files'] }, false],
    ['for the tool', { tools: ['read', 's*d'] }, true],
    ['for another tool', { tools: ['read'] }, false],
    ['for prompts only', { prompts: ['*'] }, false],
    ['for all resources only', { resources: ['*'] }, false],
    ['for the tool, and prompts', { tools: ['send'], prompts: ['x'] }, true],
    ['for the tool in another upstream', { tools: ['send'], upstreams: ['files'] }, false],
  ])('%s: %j', (_, rule, isAllowed) => {
    expect(decide([rule]).kind === 'allow').toBe(isAllowed);
  });

  it.each<[uri: Target, globs: readonly string[], isAllowed: boolean]>([
    [resource('file:///public/a'), ['file:///public/*'], true],
    [resource('file:///public/a/b'), ['file:///public/*'], true],
    [resource('file:///secret'), ['file:///public/*'], false],
    [resource('file:///public/../secret'), ['file:///public/*'], false],
    [resource('file:///public/../secret'), ['file:///public/*', '*'], true],
    [resource('file:///public/%2e%2e/secret'), ['file:///public/*'], false],
    [resource('file:///public/..%252f..%252fsecret'), ['file:///public/*'], false],
    [resource('file:///public/a..b'), ['file:///public/*'], true],
    [template('file:///{path}'), ['file:///public/*'], true],
    [template('file:///public/{path}.txt'), ['file:///*.md'], false],
    [template('file:///public/{path}.txt'), ['file:///public/a.txt'], true],
    [template('file:///public/{path}.txt'), ['file:///secret/a.txt'], false],
    [template('db://{table}/rows'), ['file:///*'], false],
    [template('plain:text'), ['plain:*'], true],
  ])('for resources: %j by %j: %s', (target, globs, isAllowed) => {
    expect(decide([{ resources: globs }], target).kind).toBe(isAllowed ? 'allow' : 'access_denied');
  });
});

describe('[GW-150] a decision', () => {
  it('names the first rule that allows', () => {
    expect(decide([{ subjects: ['bob'] }, { tools: ['send'] }, {}])).toEqual({ kind: 'allow', rule: 1 });
  });

  it('[GW-152] names the scopes of the first rule that would match with more of them', () => {
    const rules = [{ subjects: ['bob'], scopes: ['x'] }, { scopes: ['mail:send', 'mail:admin'] }, { scopes: ['y'] }];
    expect(decide(rules)).toEqual({ kind: 'insufficient_scope', rule: 1, scope: 'mail:send mail:admin' });
    expect(decide([...rules, { tools: ['send'] }])).toEqual({ kind: 'allow', rule: 3 });
    expect(decide([{ tools: ['read'], scopes: ['y'] }]).kind).toBe('access_denied');
  });

  it('[GW-152] names the scopes that the caller keeps, where rules ask for them', () => {
    const caller = createPrincipal({ ...ada, scopes: ['mail:read', 'other'] });
    const rules = [{ scopes: ['mail:read'], tools: ['read'] }, { scopes: ['mail:send', 'mail:read'] }];
    expect(new AccessRules(rules, true).of(caller).decide(tool('send'))).toMatchObject({
      scope: 'mail:send mail:read',
    });
    const send = [{ scopes: ['mail:read'], tools: ['read'] }, { scopes: ['mail:send'] }];
    expect(new AccessRules(send, true).of(caller).decide(tool('send'))).toMatchObject({ scope: 'mail:send mail:read' });
  });

  it('about the binding looks at no target', () => {
    const entry = (allow: readonly AccessRule[]) => new AccessRules(allow, true).of(createPrincipal(ada)).entry.kind;
    expect(entry([{ tools: ['x'] }])).toBe('allow');
    expect(entry([{ subjects: ['bob'] }])).toBe('access_denied');
    expect(entry([{ scopes: ['x'] }])).toBe('insufficient_scope');
    expect(entry([])).toBe('access_denied');
  });

  it('that depends on the caller alone is made once for each', () => {
    const rules = new AccessRules([{}], true);
    const caller = createPrincipal(ada);
    expect(rules.of(caller)).toBe(rules.of(caller));
    expect(rules.of(caller)).not.toBe(rules.of(createPrincipal(ada)));
  });
});

describe('[GW-151] an anonymous caller', () => {
  it.each<[rule: AccessRule, isIdentityConfigured: boolean, kind: string]>([
    [{}, true, 'unauthenticated'],
    [{ schemes: ['*'] }, true, 'unauthenticated'],
    [{ schemes: ['anonymous'] }, true, 'allow'],
    [{ schemes: ['anonymous'], tools: ['read'] }, true, 'unauthenticated'],
    [{ scopes: ['x'], schemes: ['anonymous'] }, true, 'unauthenticated'],
    [{}, false, 'allow'],
    [{ tools: ['send'] }, false, 'allow'],
    [{ tools: ['read'] }, false, 'access_denied'],
  ])('and the rule %j, with identity: %s: %s', (rule, isIdentityConfigured, kind) => {
    expect(new AccessRules([rule], isIdentityConfigured).of(anonymous).decide(tool('send')).kind).toBe(kind);
  });

  it('may do everything only where callers are not identified and no rule says otherwise', () => {
    expect(accessRules(undefined, false)).toBeUndefined();
    expect(accessRules(undefined, true)?.of(createPrincipal(ada)).entry.kind).toBe('access_denied');
  });
});

it('a URI that is encoded without end is taken to leave its folder', () => {
  expect(leavesFolder(`file:///a/%${'25'.repeat(10)}2e`)).toBe(true);
});
