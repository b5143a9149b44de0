import { describe, expect, it } from 'vitest';
import { descriptorOf } from '../../../test/fixtures/signed-plugin.ts';
import { toFaults } from '../core/fault.ts';
import { checkConfig, checkConfigs } from './plugin-config.ts';

const descriptor = descriptorOf({
  config_schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      replacement: { type: 'string' },
      rules: {
        type: 'array',
        items: { type: 'object', properties: { field: { type: 'string' } }, additionalProperties: false },
      },
      'a/b': { type: 'number' },
    },
  },
});

it.each([
  { what: 'nothing', config: undefined, expected: {} },
  { what: 'what the schema allows', config: { replacement: 'x' }, expected: { replacement: 'x' } },
])('[RUN-80] accepts $what', ({ config, expected }) => {
  expect(checkConfig(config, descriptor)).toEqual(expected);
});

it('[RUN-80] uses the default of the descriptor where the operator states nothing, and checks it too', () => {
  const withDefault = { ...descriptor, default_config: { replacement: '***' } };
  expect(checkConfig(undefined, withDefault)).toEqual({ replacement: '***' });
  expect(checkConfig({}, withDefault)).toEqual({});
  expect(() => checkConfig(undefined, { ...descriptor, default_config: { replacement: 1 } })).toThrow();
});

it('[RUN-80] accepts any object where the plugin has no schema', () => {
  expect(checkConfig({ any: [1] }, descriptorOf())).toEqual({ any: [1] });
});

it.each([
  { what: 'a list', config: [], details: { reason: 'config is not a JSON object' } },
  { what: 'a wrong type', config: { replacement: 1 }, details: { path: 'replacement' } },
  { what: 'a wrong type under a name with a slash', config: { 'a/b': 'x' }, details: { path: 'a/b' } },
  {
    what: 'a misspelt key',
    config: { replacment: 'x' },
    details: { path: 'replacment', reason: 'unknown key replacment' },
    hint: 'did you mean replacement?',
  },
  {
    what: 'an unknown key of a list’s item',
    config: { rules: [{ feild: 'x' }] },
    details: { path: 'rules.0.feild' },
    hint: 'did you mean field?',
  },
  {
    what: 'a key unlike all others',
    config: { zzzzzz: 1 },
    details: { path: 'zzzzzz' },
    hint: 'known keys: replacement, rules, a/b',
  },
])('[RUN-80] refuses $what', ({ config, details, hint }) => {
  try {
    checkConfig(config, descriptor);
    expect.unreachable();
  } catch (error) {
    const [fault, ...others] = toFaults(error);
    expect(others).toEqual([]);
    expect(fault).toMatchObject({ code: 'plugin_config_invalid', details, ...(hint === undefined ? {} : { hint }) });
  }
});

it('[RUN-80] reports all problems, each with the place that the file gives it', () => {
  const place = (path: readonly PropertyKey[]) => ({
    file: 'f.yaml',
    line: path.length,
    column: 1,
    path: path.join('.'),
  });
  try {
    checkConfig({ replacement: 1, rules: 2 }, descriptor, place);
    expect.unreachable();
  } catch (error) {
    expect(toFaults(error).map(({ details }) => [details.file, details.line, details.path])).toEqual([
      ['f.yaml', 1, 'replacement'],
      ['f.yaml', 1, 'rules'],
    ]);
  }
});

describe('the configuration of a tenant [RUN-131]', () => {
  const placed = (where: string) => (path: readonly PropertyKey[], key?: string) => ({
    ...{ file: 'f.yaml', line: 1, column: 1 },
    path: [where, ...path, ...(key === undefined ? [] : [key])].join('.'),
  });
  const override = (tenant: string, config: Record<string, unknown>) => ({
    tenant,
    config,
    configPlace: placed(tenant),
  });
  const withRules = { replacement: 'x', rules: [{ field: 'a' }] };
  const check = (config: unknown, overrides: ReturnType<typeof override>[], on = descriptor) =>
    checkConfigs({ config, configPlace: placed('base'), overrides }, on);

  it.each([
    [
      'replaces members of the same name, and keeps the others',
      withRules,
      { replacement: 'y' },
      { ...withRules, replacement: 'y' },
    ],
    ['replaces a member as a whole', withRules, { rules: [] }, { ...withRules, rules: [] }],
    ['adds members', {}, { replacement: 'y' }, { replacement: 'y' }],
    ['applies to the default of the descriptor', undefined, { replacement: 'y' }, { replacement: 'y', rules: [] }],
  ])('%s', (_what, config, own, expected) => {
    const on = { ...descriptor, default_config: { replacement: 'd', rules: [] } };
    const { tenantConfigs, config: base } = check(config, [override('one', own), override('two', {})], on);
    expect(tenantConfigs.get('one')).toEqual(expected);
    expect(tenantConfigs.get('two')).toEqual(base);
  });

  it('is checked like that of all callers, and all problems are reported with their places', () => {
    const overrides = [
      override('one', { replacement: 2 }),
      override('two', { rules: [{ feild: '' }], zzz: 1 }),
      override('six', {}),
    ];
    const faultsOf = (config: unknown) => {
      try {
        check(config, overrides);
        return [];
      } catch (error) {
        return toFaults(error).map(({ details: { tenant, path } }) => [tenant, path]);
      }
    };
    const own = [
      ['one', 'one.replacement'],
      ['two', 'two.rules.0.feild'],
      ['two', 'two.zzz'],
    ];
    expect(faultsOf({})).toEqual(own);
    expect(faultsOf({ 'a/b': 'x' })).toEqual([[undefined, 'base.a/b'], ...own]);
  });

  it('that does not fit the rest is reported where it is stated', () => {
    const on = descriptorOf({ config_schema: { type: 'object', not: { required: ['one', 'other'] } } });
    expect(() => check({ one: 1 }, [override('acme', { other: 1 })], on)).toThrow(
      expect.objectContaining({
        faults: [expect.objectContaining({ details: expect.objectContaining({ tenant: 'acme', path: 'acme' }) })],
      }),
    );
  });
});
