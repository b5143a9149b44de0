import { expect } from 'vitest';
import { itWith } from '../../../test/prerequisite.ts';
import { auditTable, measureAudit } from './audit.ts';

itWith('cargo')(
  '[AUD-28] measures what the audit log costs a call, beside the same gateway without it',
  async () => {
    const costs = await measureAudit({ seconds: 0.3, rounds: 1, warmUpSeconds: 0.3, progress() {} });
    expect(costs.map(({ name }) => name)).toEqual([
      ...['off', 'off again', 'calls, plain lines', 'calls', 'calls and receipts'],
    ]);
    for (const { rps } of costs) expect(rps).toBeGreaterThan(10);
    expect(auditTable(costs).rows).toHaveLength(costs.length);
  },
  300_000,
);
