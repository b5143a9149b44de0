import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Json } from '../core/json.ts';
import { schemaError } from '../core/json-schema.ts';
import { configJsonSchema, knownKeys, pluginJsonSchema } from './json-schema.ts';

const grants = z.strictObject({ clock: z.strictObject({}).optional() });
const schema = configJsonSchema(grants);
const errorOf = (value: Json) => schemaError(schema, value);

const upstreams = [{ id: 'up', stdio: { command: 'cat' } }];
const bindings = [{ id: 'main', upstreams: ['up'] }];
const plugin = { id: 'redact', source: { oci: 'r/a:1' } };

describe('the JSON Schema of sallyport.yaml', () => {
  it.each([
    { what: 'the least', value: { upstreams, bindings } },
    { what: 'a plugin with grants', value: { upstreams, bindings, plugins: [{ ...plugin, grants: { clock: {} } }] } },
    {
      what: 'on_error by cause',
      value: { upstreams, bindings, plugins: [{ ...plugin, on_error: { trap: 'ignore' } }] },
    },
    { what: 'any config', value: { upstreams, bindings, plugins: [{ ...plugin, config: [1, { a: null }] }] } },
  ])('[CFG-07] accepts $what', ({ value }) => {
    expect(errorOf(value)).toBeUndefined();
  });

  it.each([
    { what: 'nothing', value: {} },
    { what: 'an unknown key', value: { upstreams, bindings, listn: '' } },
    {
      what: 'two sources',
      value: { upstreams, bindings, plugins: [{ id: 'a', source: { oci: 'r/a:1', file: 'a' } }] },
    },
    { what: 'no source', value: { upstreams, bindings, plugins: [{ id: 'a', source: {} }] } },
    { what: 'an upstream of no kind', value: { upstreams: [{ id: 'up' }], bindings } },
    { what: 'an unknown grant', value: { upstreams, bindings, plugins: [{ ...plugin, grants: { clocks: {} } }] } },
  ])('[CFG-07] refuses $what', ({ value }) => {
    expect(errorOf(value)).toHaveProperty('at');
  });

  it('[CFG-02] tells which keys there are, also within alternatives', () => {
    expect(knownKeys(schema, ['plugins', 0, 'on_error'])).toContain('timeout');
    expect(knownKeys(schema, ['plugins', 0, 'grants'])).toEqual(['clock']);
    expect(knownKeys(schema, ['upstreams', 3, 'stdio', 'env'])).toEqual([]);
  });

  it('[CFG-07] has a sibling for plugin.json', () => {
    const descriptor = { id: 'a', version: '1.0.0', kind: 'transform', api: '0.1', hooks: ['tool_list'] };
    expect(schemaError(pluginJsonSchema(), descriptor)).toBeUndefined();
    expect(schemaError(pluginJsonSchema(), { ...descriptor, grants: {} })).toHaveProperty('at');
  });
});
