import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { itWith } from '../../../../test/prerequisite.ts';
import { parseCases } from '../case/case-file.ts';
import { testPlugin } from '../case/test-plugin.ts';
import { buildPlugin } from './build-plugin.ts';

const root = join(import.meta.dirname, '../../../..');

const go = `package main

import (
	"errors"

	"sallyport"
)

type guard struct{ sallyport.IdentityDefaults }

func init() { sallyport.ExportIdentity(&guard{}) }
func main() {}

func (*guard) Identify(_ sallyport.IdentityContext, given sallyport.Credentials) (sallyport.Identification, error) {
	switch given.Value {
	case "stranger":
		return sallyport.Unknown{}, nil
	case "ended":
		return sallyport.Refuse{Code: "NO", Reason: "No."}, nil
	case "down":
		return nil, errors.New("the server does not answer")
	case "broken":
		panic("broken")
	}
	claims, holds := map[string]any{"header": given.Header}, uint32(30)
	if given.Scheme != nil {
		claims["scheme"] = *given.Scheme
	}
	return sallyport.Known{
		Subject: given.Value, Scopes: []string{"a"}, Claims: sallyport.Claims(claims), ValidForS: &holds,
	}, nil
}

func (*guard) PreCheck(_ sallyport.IdentityContext, request sallyport.ArrivingRequest) (sallyport.PreCheckOutcome, error) {
	if request.Path == "/mcp/secret" {
		return sallyport.Block{Code: "NO", Reason: "No."}, nil
	}
	return sallyport.Proceed{}, nil
}

func (*guard) PostCheck(_ sallyport.IdentityContext, caller sallyport.AuthenticatedCaller) (sallyport.PostCheckOutcome, error) {
	if caller.Subject == nil {
		return sallyport.Block{Code: "NO", Reason: "No."}, nil
	}
	if *caller.Subject == "root" {
		return sallyport.Proceed{}, nil
	}
	return sallyport.KeepScopes(caller.Scopes[1:]), nil
}
`;

const python = `from dataclasses import dataclass

from sallyport import Block, Identity, Known, Narrow, Refuse, identity


@dataclass
class Guard(Identity):
    def identify(self, credentials, context):
        if credentials.value == "stranger":
            return None
        if credentials.value == "ended":
            return Refuse("NO", "No.")
        if credentials.value == "down":
            raise RuntimeError("the server does not answer")
        if credentials.value == "broken":
            return True
        claims = {"header": credentials.header}
        if credentials.scheme is not None:
            claims["scheme"] = credentials.scheme
        return Known(credentials.value, scopes=["a"], claims=claims, valid_for_s=30)

    def pre_check(self, request, context):
        if request.path == "/mcp/secret":
            raise Block("NO", "No.")

    def post_check(self, caller, context):
        if caller.subject is None:
            raise Block("NO", "No.")
        return None if caller.subject == "root" else Narrow(caller.scopes[1:])


Lifecycle, IdentityCheck = identity(Guard)
`;

const languages = [
  {
    ...{ language: 'Go', needs: 'go' },
    files: {
      'main.go': go,
      'go.mod': `module guard\n\ngo 1.24\n\nrequire sallyport v0.0.0\n\nreplace sallyport => ${join(root, 'sdk/go')}\n`,
    },
  },
  { language: 'Python', needs: 'componentize-py', files: { 'guard.py': python } },
];

const refused = { outcome: 'block', violation: { code: 'NO' } };
const known = { subject: 'ada', scopes: ['a'], claims: { header: 'authorization', scheme: 'bearer' }, validForS: 30 };
const narrow = (scopes: readonly string[]) => ({ outcome: 'respond', value: { scopes } });
const cases = [
  { hook: 'identify', request: { scheme: 'bearer', value: 'ada' }, expect: { outcome: 'respond', value: known } },
  { hook: 'identify', request: { value: 'stranger' }, expect: { outcome: 'proceed' } },
  { hook: 'identify', request: { value: 'ended' }, expect: refused },
  { hook: 'identify', request: { value: 'down' }, expect: { outcome: 'failed' } },
  { hook: 'identify', request: { value: 'broken' }, expect: { outcome: 'failed' } },
  { hook: 'auth_pre_check', expect: { outcome: 'proceed' } },
  { hook: 'auth_pre_check', request: { path: '/mcp/secret' }, expect: refused },
  { hook: 'auth_post_check', request: { subject: 'ada', scopes: ['a', 'b'] }, expect: narrow(['b']) },
  { hook: 'auth_post_check', request: { subject: 'ada', scopes: ['a'] }, expect: narrow([]) },
  { hook: 'auth_post_check', request: { subject: 'root', scopes: ['a'] }, expect: { outcome: 'proceed' } },
  { hook: 'auth_post_check', request: { scopes: ['a'] }, expect: refused },
];

describe.each(languages)('an identity plugin in $language', ({ needs, files }) => {
  itWith(needs)('[AUT-132] identifies callers, and checks requests around it', { timeout: 600_000 }, async () => {
    const folder = join(await temporaryFolder(), 'guard');
    await mkdir(folder);
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const descriptor = guestDescriptor('guard', { kind: 'identity', hooks: ['auth_pre_check', 'auth_post_check'] });
    const { bytes } = await buildPlugin({ folder, descriptor, out: join(folder, 'guard.wasm') });
    const parsed = parseCases(JSON.stringify({ cases: cases.map(each => ({ name: 'n', ...each })) }), 'cases/x.json');
    const { results } = await testPlugin(bytes, {
      reference: 'test',
      cases: parsed,
      signal: new AbortController().signal,
    });
    expect(results.flatMap(({ differences }) => differences)).toEqual([]);
  });
});
