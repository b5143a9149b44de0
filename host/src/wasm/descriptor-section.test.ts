import { describe, expect, it } from 'vitest';
import { componentWith, descriptorOf, withSection } from '../../../test/fixtures/signed-plugin.ts';
import { emptyComponent, emptyModule } from './binary-format.ts';
import { descriptorSectionName, embedDescriptor, readDescriptor } from './descriptor-section.ts';

const valid = { id: 'redact', version: '1.0.0', kind: 'transform', api: '0.1', hooks: ['tool_post_invoke'] };
const carrying = (content: unknown) =>
  withSection(emptyComponent, descriptorSectionName, Buffer.from(JSON.stringify(content)));
const nested = `${`{"properties":`.repeat(10_000)}{}${'}'.repeat(10_000)}`;

const refused: readonly { what: string; bytes: Uint8Array; says: RegExp; path?: string }[] = [
  {
    what: 'two descriptors',
    bytes: withSection(componentWith(), descriptorSectionName, Buffer.from('{}')),
    says: /2 sections/,
  },
  {
    what: 'the same descriptor twice',
    bytes: withSection(carrying(valid), descriptorSectionName, Buffer.from(JSON.stringify(valid))),
    says: /2 sections/,
  },
  {
    what: 'no JSON',
    bytes: withSection(emptyComponent, descriptorSectionName, Buffer.from('{"id": "red')),
    says: /not JSON/,
  },
  {
    what: 'no UTF-8',
    bytes: withSection(emptyComponent, descriptorSectionName, Uint8Array.of(0x22, 0xff, 0x22)),
    says: /not JSON/,
  },
  {
    what: 'an empty section',
    bytes: withSection(emptyComponent, descriptorSectionName, new Uint8Array()),
    says: /not JSON/,
  },
  {
    what: 'more than 256 KiB',
    bytes: carrying({ ...valid, description: 'x'.repeat(256 * 1024) }),
    says: /262144 are allowed/,
  },
  { what: 'a list', bytes: carrying([valid]), says: /object/ },
  {
    what: 'a schema nested without end',
    bytes: withSection(emptyComponent, descriptorSectionName, Buffer.from(nested)),
    says: /deeper than 64/,
  },
  { what: 'an unknown field', bytes: carrying({ ...valid, grants: {} }), says: /grants/ },
  ...['1', '1.0', 'v1.0.0', '01.0.0', '1.0.0-', '1.0.0-01', '1.0.0-a..b', '1.0.0+', ' 1.0.0'].map(version => ({
    what: `the version ${version}`,
    bytes: carrying({ ...valid, version }),
    says: /semantic version/,
    path: 'version',
  })),
  { what: 'a version that is a number', bytes: carrying({ ...valid, version: 1 }), says: /string/, path: 'version' },
  { what: 'tags that are a text', bytes: carrying({ ...valid, tags: 'new' }), says: /array/, path: 'tags' },
  { what: 'a kind that is none', bytes: carrying({ ...valid, kind: 'filter' }), says: /transform/, path: 'kind' },
  { what: 'an API that is none', bytes: carrying({ ...valid, api: '0.2' }), says: /0\.1/, path: 'api' },
  {
    what: 'an unknown hook',
    bytes: carrying({ ...valid, hooks: ['tool_post_invoke', 'tool_other'] }),
    says: /./,
    path: 'hooks.1',
  },
  {
    what: 'a transform without hooks',
    bytes: carrying({ ...valid, hooks: [] }),
    says: /never be called/,
    path: 'hooks',
  },
  {
    what: 'one capability as required and as optional',
    bytes: carrying({ ...valid, required_capabilities: ['clock'], optional_capabilities: ['cap.host.clock'] }),
    says: /named only once/,
  },
];

const broken = [
  { what: 'a core module', bytes: emptyModule, code: 'component_core_module' },
  { what: 'a shell script', bytes: Buffer.from('#!/bin/sh\nexit 0\n'), code: 'component_malformed' },
  { what: 'nothing', bytes: new Uint8Array(), code: 'component_malformed' },
  {
    what: 'a component whose last section is cut off',
    bytes: componentWith().subarray(0, -1),
    code: 'component_malformed',
  },
  {
    what: 'a custom section whose name reaches beyond it',
    bytes: Buffer.from([...emptyComponent, 0, 1, 9]),
    code: 'component_malformed',
  },
  {
    what: 'a section length of more than 32 bits',
    bytes: Buffer.from([...emptyComponent, 0, 255, 255, 255, 255, 127]),
    code: 'component_malformed',
  },
];

describe('the descriptor section', () => {
  it('[VER-03] gives back what was embedded, and leaves all other bytes as they are', () => {
    const descriptor = descriptorOf({ description: 'ä'.repeat(4000), required_capabilities: ['clock'] });
    const bytes = embedDescriptor(emptyComponent, descriptor);
    expect(readDescriptor(bytes)).toEqual(descriptor);
    expect(Buffer.from(bytes.subarray(0, emptyComponent.length))).toEqual(Buffer.from(emptyComponent));
  });

  it('[VER-03] is absent in a component that carries other sections only', () => {
    expect(readDescriptor(withSection(emptyComponent, 'producers', Uint8Array.of(1, 2)))).toBeUndefined();
  });

  it('[VER-03] reads cap.host.clock as clock and drops $schema', () => {
    const read = readDescriptor(carrying({ ...valid, $schema: './x.json', required_capabilities: ['cap.host.clock'] }));
    expect(read).toEqual(descriptorOf({ required_capabilities: ['clock'] }));
  });

  it.each(refused)('[VER-03] is refused with $what', ({ bytes, says, path }) => {
    const details = expect.objectContaining({ what: expect.stringMatching(says), ...(path ? { path } : {}) });
    expect(() => readDescriptor(bytes)).toThrow(expect.objectContaining({ code: 'descriptor_invalid', details }));
  });

  it('[VER-12] is refused when it says something twice', () => {
    const text = JSON.stringify(valid).replace('"id":', '"id":"another","id":');
    const bytes = withSection(emptyComponent, descriptorSectionName, Buffer.from(text));
    expect(() => readDescriptor(bytes)).toThrow(
      expect.objectContaining({ code: 'descriptor_invalid', details: expect.objectContaining({ path: 'id' }) }),
    );
  });

  it.each(broken)('[VER-09] is not looked for in $what', ({ bytes, code }) => {
    expect(() => readDescriptor(bytes)).toThrow(expect.objectContaining({ code }));
  });

  it('[VER-03] is not embedded a second time', () => {
    expect(() => embedDescriptor(componentWith(), descriptorOf())).toThrow(
      expect.objectContaining({ code: 'descriptor_invalid' }),
    );
  });
});
