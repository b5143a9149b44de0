import { expect, it } from 'vitest';
import { measureTelemetry, telemetryTable } from './telemetry.ts';

it('[TEL-15] measures what telemetry adds to a call', async () => {
  const rows = await measureTelemetry({ seconds: 0.5, rounds: 1, warmUpSeconds: 0.5, progress() {} });
  expect(rows.map(({ name }) => name)).toEqual(['off', 'one in a hundred', 'each request']);
  for (const { rps } of rows) expect(rps).toBeGreaterThan(0);
  expect(telemetryTable(rows).rows).toHaveLength(3);
});
