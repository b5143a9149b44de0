// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a variable of the file
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { toFaults } from '../../core/fault.ts';
import { type ConfigWarning, loadConfig } from '../load-config.ts';

async function load(telemetry: unknown, env: Record<string, string> = {}) {
  const file = join(await temporaryFolder(), 'sallyport.yaml');
  const main = {
    upstreams: [{ id: 'up', http: { url: 'http://127.0.0.1:1' } }],
    bindings: [{ id: 'main', upstreams: ['up'] }],
    secrets: [{ name: 'collector', env: 'COLLECTOR' }],
  };
  await writeFile(file, stringify({ ...main, telemetry }));
  const warnings: ConfigWarning[] = [];
  const config = await loadConfig(file, { grants: z.strictObject({}), env, warn: each => void warnings.push(each) });
  return { ...config, warnings };
}

const endpoint = 'https://collector.example:4318/base';

describe('telemetry', () => {
  it('[TEL-14] has defaults for all but the endpoint', async () => {
    expect((await load({ otlp: { endpoint } })).telemetry).toEqual({
      otlp: { endpoint, protocol: 'http/protobuf', headers: {}, timeout_ms: 10_000, compression: 'gzip' },
      signals: ['traces', 'metrics'],
      service_name: 'sallyport',
      resource: {},
      traces: { sample: 1, trust_parent: false, queue: 4_096 },
      metrics: { interval_ms: 60_000 },
    });
    expect((await load(undefined)).telemetry).toBeUndefined();
  });

  it('[TEL-14] learns the values of its headers as secrets', async () => {
    const headers = { authorization: ' Bearer literal-token ', 'x-tenant': '${TENANT_KEY}' };
    const { telemetry, mask } = await load({ otlp: { endpoint, headers } }, { TENANT_KEY: 'from-the-environment' });
    expect(telemetry?.otlp.headers).toEqual({
      authorization: 'Bearer literal-token',
      'x-tenant': 'from-the-environment',
    });
    expect(mask.text('literal-token from-the-environment')).toBe('*** ***');
  });

  it.each([
    ['no endpoint', { otlp: {} }, 'telemetry.otlp.endpoint'],
    ['another scheme', { otlp: { endpoint: 'grpc://collector:4317' } }, 'telemetry.otlp.endpoint'],
    ['a password in the URL', { otlp: { endpoint: 'https://user:password@collector' } }, 'telemetry.otlp.endpoint'],
    ['a query', { otlp: { endpoint: 'https://collector/?key=1' } }, 'telemetry.otlp.endpoint'],
    [
      'an unknown secret',
      { otlp: { endpoint, headers: { a: { secret: 'colector' } } } },
      'telemetry.otlp.headers.a.secret',
    ],
    [
      'a header of the gateway',
      { otlp: { endpoint, headers: { 'content-type': 'a' } } },
      'telemetry.otlp.headers.content-type',
    ],
    ['a line break in a header', { otlp: { endpoint, headers: { a: 'b\nc: d' } } }, 'telemetry.otlp.headers.a'],
    ['a share above 1', { otlp: { endpoint }, traces: { sample: 2 } }, 'telemetry.traces.sample'],
    ['no signal', { otlp: { endpoint }, signals: [] }, 'telemetry.signals'],
    ['a protocol that is not served', { otlp: { endpoint, protocol: 'grpc' } }, 'telemetry.otlp.protocol'],
  ])('[TEL-14] is refused with %s', async (_, telemetry, path) => {
    const faults = await load(telemetry).then(
      () => [],
      thrown => toFaults(thrown),
    );
    expect(faults.map(({ code, details }) => [code, details.path])).toEqual([['config_invalid', path]]);
  });

  it.each([
    { endpoint: 'http://collector.example:4318', warned: 1 },
    { endpoint: 'http://10.0.0.1', warned: 1 },
    { endpoint: 'http://127.0.0.1:4318', warned: 0 },
    { endpoint: 'http://localhost:4318', warned: 0 },
    { endpoint: 'http://[::1]:4318', warned: 0 },
    { endpoint: 'https://collector.example', warned: 0 },
  ])('[TEL-14] warns of plain http to another machine: $endpoint', async ({ endpoint: stated, warned }) => {
    const { warnings } = await load({ otlp: { endpoint: stated } });
    expect(warnings.filter(({ path }) => path === 'telemetry.otlp.endpoint')).toHaveLength(warned);
  });
});
