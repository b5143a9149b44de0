import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { federationHooks } from '../../../../host/src/contract/hook-name.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { itWith } from '../../../../test/prerequisite.ts';
import { parseCases } from '../case/case-file.ts';
import { testPlugin } from '../case/test-plugin.ts';
import { buildPlugin } from './build-plugin.ts';

const root = join(import.meta.dirname, '../../../..');

const go = `package main

import (
	"fmt"

	"sallyport"
)

type guard struct{ sallyport.FederationDefaults }

func init() { sallyport.ExportFederation(&guard{}) }
func main() {}

var refusal = sallyport.Block{Code: "NO", Reason: "No."}

func (*guard) PreRegister(_ sallyport.FederationContext, server sallyport.JoiningServer) (sallyport.PreRegisterOutcome, error) {
	if server.Command != nil && *server.Command == "sh" {
		return refusal, nil
	}
	return sallyport.Proceed{}, nil
}

func (*guard) PostRegister(_ sallyport.FederationContext, server sallyport.RegisteredServer) error {
	if server.Tools == nil {
		return fmt.Errorf("%s has no tools", server.Server.ID)
	}
	sallyport.Infof("%s has %d tools", *server.Name, *server.Tools)
	return nil
}

func (*guard) PreSync(_ sallyport.FederationContext, refresh sallyport.ListRefresh) (sallyport.PreSyncOutcome, error) {
	if refresh.Kind == sallyport.ListKindPrompts && refresh.Reason == sallyport.RefreshReasonChanged && *refresh.Entries == 3 {
		return refusal, nil
	}
	return sallyport.Proceed{}, nil
}

func (*guard) PostSync(_ sallyport.FederationContext, received sallyport.ServerList) (sallyport.PostSyncOutcome, error) {
	switch list := received.(type) {
	case sallyport.Tools:
		list[0].Description = nil
		return sallyport.ModifiedServerList{ServerList: list[:1]}, nil
	case sallyport.ResourceTemplates:
		return refusal, nil
	}
	return sallyport.Proceed{}, nil
}
`;

const python = `from dataclasses import dataclass

from sallyport import Block, Federation, ServerList_ResourceTemplates, ServerList_Tools, federation, info
from sallyport.types import ListKind, RefreshReason


@dataclass
class Guard(Federation):
    def pre_register(self, server, context):
        if server.command == "sh":
            raise Block("NO", "No.")

    def post_register(self, server, context):
        if server.tools is None:
            raise RuntimeError(f"{server.server.id} has no tools")
        info(f"{server.name} has {server.tools} tools")

    def pre_sync(self, refresh, context):
        if refresh.kind == ListKind.PROMPTS and refresh.reason == RefreshReason.CHANGED and refresh.entries == 3:
            raise Block("NO", "No.")

    def post_sync(self, received, context):
        if isinstance(received, ServerList_ResourceTemplates):
            raise Block("NO", "No.")
        if isinstance(received, ServerList_Tools):
            received.value[0].description = None
            return ServerList_Tools(received.value[:1])


Lifecycle, FederationCheck = federation(Guard)
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

const blocked = { outcome: 'block', violation: { code: 'NO' } };
const tool = (name: string) => ({ name, description: name, inputSchema: { type: 'object' } });
const { description: _, ...undescribed } = tool('read');
const cases = [
  { hook: 'server_pre_register', expect: { outcome: 'proceed' } },
  { hook: 'server_pre_register', request: { transport: 'stdio', command: 'sh' }, expect: blocked },
  {
    hook: 'server_post_register',
    request: { name: 'Files', tools: 2 },
    expect: { outcome: 'proceed', log: [{ message: 'Files has 2 tools' }] },
  },
  { hook: 'server_post_register', request: { server: { id: 'files' } }, expect: { outcome: 'failed' } },
  { hook: 'federation_pre_sync', expect: { outcome: 'proceed' } },
  { hook: 'federation_pre_sync', request: { kind: 'prompts', reason: 'changed', entries: 3 }, expect: blocked },
  {
    hook: 'federation_post_sync',
    request: { tag: 'tools', val: [tool('read'), tool('write')] },
    expect: { outcome: 'modified', value: { tag: 'tools', val: [undescribed] } },
  },
  {
    hook: 'federation_post_sync',
    request: { tag: 'resources', val: [{ uri: 'file:///a', name: 'a' }] },
    expect: { outcome: 'proceed' },
  },
  { hook: 'federation_post_sync', request: { tag: 'resource-templates', val: [] }, expect: blocked },
];

describe.each(languages)('a federation plugin in $language', ({ needs, files }) => {
  itWith(needs)('[AUT-170] decides about servers and their lists', { timeout: 600_000 }, async () => {
    const folder = join(await temporaryFolder(), 'guard');
    await mkdir(folder);
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const descriptor = guestDescriptor('guard', { kind: 'federation', hooks: [...federationHooks] });
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
