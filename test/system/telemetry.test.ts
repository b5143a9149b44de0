import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Opens a gateway, and prints which modules of OpenTelemetry were loaded for it. */
const script = `
import { registerHooks } from 'node:module';
const loaded = [];
registerHooks({
  load(url, context, next) {
    if (url.includes('/@opentelemetry/') || url.includes('/telemetry/')) loaded.push(url);
    return next(url, context);
  },
});
const { createHost, silentLog } = await import('@sallyport/host');
const host = await createHost(JSON.parse(process.argv[1]), { log: silentLog() });
await host.close();
console.log(loaded.length);
`;

const loadedFor = (config: object): number => {
  const arguments_ = ['--input-type=module', '-e', script, JSON.stringify(config)];
  const { stdout, stderr } = spawnSync(process.execPath, arguments_, { encoding: 'utf8', cwd: import.meta.dirname });
  expect(stderr).toBe('');
  return Number(stdout);
};

it('[TEL-08] no module for telemetry is loaded without it', () => {
  expect(loadedFor({})).toBe(0);
  expect(loadedFor({ telemetry: { otlp: { endpoint: 'http://127.0.0.1:1' }, signals: ['traces'] } })).toBeGreaterThan(
    0,
  );
});
