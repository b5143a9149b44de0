import { describe, expect, it } from 'vitest';
import { guestDescriptor } from '../../../test/fixtures/guest-descriptor.ts';
import type { Fault, Faults } from '../core/fault.ts';
import { decideGrant } from './grant.ts';
import { capabilities, grantsSchema } from './registry.ts';

const http = 'sallyport:plugin/outbound-http@0.1.0';
const clock = 'sallyport:plugin/clock@0.1.0';
const always = ['sallyport:plugin/log@0.1.0', 'sallyport:plugin/context@0.1.0', 'sallyport:plugin/types@0.1.0'];
const allow = { outbound_http: { allow: ['https://api.example.com'] } };

function faultsOf(imports: string[], asks: Record<string, unknown>, grants: Record<string, unknown>): readonly Fault[] {
  try {
    decideGrant(imports, guestDescriptor('p', asks), grants, capabilities);
    return [];
  } catch (error) {
    return (error as Faults).faults;
  }
}

describe('what is imported, declared and granted', () => {
  it.each([
    { what: 'nothing', imports: [], asks: {}, grants: {} },
    { what: 'what everybody may', imports: always, asks: {}, grants: {} },
    {
      what: 'WASI that has no power',
      imports: ['wasi:cli/environment@0.2.3', 'wasi:io/streams@0.2.12'],
      asks: {},
      grants: {},
    },
    {
      what: 'all three lists agreeing',
      imports: [http],
      asks: { required_capabilities: ['outbound_http'] },
      grants: allow,
    },
    {
      what: 'the long name of a capability',
      imports: [http],
      asks: { required_capabilities: ['cap.host.outbound_http'] },
      grants: allow,
    },
    {
      what: 'an optional one that can say no',
      imports: [http],
      asks: { optional_capabilities: ['outbound_http'] },
      grants: {},
    },
    {
      what: 'an optional one that is not imported',
      imports: [],
      asks: { optional_capabilities: ['clock'] },
      grants: {},
    },
    {
      what: 'WASI clocks under the capability clock',
      imports: ['wasi:clocks/wall-clock@0.2.6'],
      asks: { required_capabilities: ['clock'] },
      grants: { clock: {} },
    },
  ])('[CAP-01] are accepted: $what', ({ imports, asks, grants }) => {
    expect(faultsOf(imports, asks, grants)).toEqual([]);
  });

  it.each([
    {
      what: 'an import of nothing we have',
      imports: ['wasi:sockets/tcp@0.2.0'],
      asks: {},
      grants: {},
      code: 'import_unknown',
      says: 'wasi:sockets/tcp@0.2.0',
    },
    { what: 'a bare function', imports: ['print'], asks: {}, grants: {}, code: 'import_unknown', says: 'print' },
    {
      what: 'another version of ours',
      imports: ['sallyport:plugin/log@0.2.0'],
      asks: {},
      grants: {},
      code: 'import_version',
      says: '0.1.0',
    },
    {
      what: 'a version that only begins alike',
      imports: ['sallyport:plugin/log@0.1.01'],
      asks: {},
      grants: {},
      code: 'import_version',
      says: '0.1.0',
    },
    {
      what: 'another version of WASI',
      imports: ['wasi:cli/environment@0.3.0'],
      asks: {},
      grants: {},
      code: 'import_version',
      says: '0.2',
    },
    {
      what: 'an import that is not declared',
      imports: [http],
      asks: {},
      grants: {},
      code: 'capability_undeclared',
      says: 'outbound_http',
    },
    {
      what: 'one that is not declared although granted',
      imports: [http],
      asks: {},
      grants: allow,
      code: 'capability_undeclared',
      says: 'plugin.json',
    },
    {
      what: 'one that is declared and not granted',
      imports: [http],
      asks: { required_capabilities: ['outbound_http'] },
      grants: {},
      code: 'capability_ungranted',
      says: 'outbound_http: { allow: ["https://api.example.com"] }',
    },
    {
      what: 'an optional one that cannot say no',
      imports: [clock],
      asks: { optional_capabilities: ['clock'] },
      grants: {},
      code: 'capability_ungranted',
      says: 'clock: { resolution_ms: 1 }',
    },
    {
      what: 'one that is declared and never used',
      imports: [],
      asks: { required_capabilities: ['clock'] },
      grants: { clock: {} },
      code: 'capability_unused',
      says: 'clock',
    },
    {
      what: 'one that is granted and not asked for',
      imports: [],
      asks: {},
      grants: { random: {} },
      code: 'grant_unasked',
      says: 'remove random',
    },
    {
      what: 'a capability that we do not have',
      imports: [],
      asks: { required_capabilities: ['teleport'] },
      grants: {},
      code: 'capability_unknown',
      says: 'teleport',
    },
  ])('[CAP-02] are refused: $what', ({ imports, asks, grants, code, says }) => {
    const faults = faultsOf(imports, asks, grants);
    expect(faults.map(fault => fault.code)).toEqual([code]);
    expect(`${faults[0]?.message} ${faults[0]?.hint}`).toContain(says);
    expect(faults[0]?.details.plugin).toBe('p');
  });

  it('[CAP-02] are refused with all mismatches at once', () => {
    const codes = faultsOf(
      [http, clock, 'wasi:sockets/tcp@0.2.0'],
      { required_capabilities: ['outbound_http'] },
      { random: {} },
    ).map(fault => fault.code);
    expect(codes.sort()).toEqual(['capability_undeclared', 'capability_ungranted', 'grant_unasked', 'import_unknown']);
  });
});

describe('the line that a refusal says to add', () => {
  it.each(capabilities.filter(each => each.always !== true))(
    '[CAP-03] is right for $name',
    async ({ name, example }) => {
      const { parse } = await import('yaml');
      expect(grantsSchema.parse(parse(example))).toHaveProperty(name);
    },
  );
});

describe('a grant', () => {
  it.each([
    { what: 'a capability that is none', grants: { teleport: {} } },
    { what: 'a capability that nobody needs to grant', grants: { log: {} } },
    { what: 'an unknown argument', grants: { clock: { speed: 2 } } },
    { what: 'an origin with credentials', grants: { outbound_http: { allow: ['https://me:pw@api.example.com'] } } },
    { what: 'an origin with a wildcard', grants: { outbound_http: { allow: ['https://*'] } } },
    { what: 'an origin in upper case', grants: { outbound_http: { allow: ['https://API.example.com'] } } },
    { what: 'another scheme', grants: { outbound_http: { allow: ['file:///etc/passwd'] } } },
    { what: 'an empty list', grants: { outbound_http: { allow: [] } } },
  ])('[CAP-04] is refused: $what', ({ grants }) => {
    expect(grantsSchema.safeParse(grants).success).toBe(false);
  });
});
