import { describe, expect, it } from 'vitest';
import type { Json } from '../core/json.ts';
import { AdminApi, type AdminChange } from './admin-api.ts';

/** Sends a body that is refused. Returns what the audit trail gets. */
async function refuse(
  method: string,
  path: string,
  body: Json | undefined,
): Promise<readonly AdminChange['details'][]> {
  const audited: AdminChange['details'][] = [];
  const api = new AdminApi({ host: {} as never, audit: ({ details }) => void audited.push(details) });
  const request = { id: 'r', address: '127.0.0.1', subject: 'admin', query: {}, body };
  await expect(api.find(method, path).run(request)).rejects.toThrow();
  return audited;
}

describe('the audit trail gets of a refused body [ADM-116]', () => {
  const secret = 'Bearer 4711'.repeat(100_000);
  it.each<[what: string, method: string, path: string, body: Json | undefined, after: unknown]>([
    [
      'the names of its fields',
      ...(['PUT', '/admin/plugins/guard/mode', { mode: secret, token: secret }] as const),
      { fields: ['mode', 'token'] },
    ],
    [
      'the names of its fields, for the whole configuration too',
      ...(['POST', '/admin/reload', { dry_run: secret }] as const),
      { fields: ['dry_run'] },
    ],
    [
      'names that are cut, a few of them, and the number of the others',
      ...(['POST', '/admin/reload', { [secret]: 1, ...Object.fromEntries(Array(30).entries()) }] as const),
      { fields: expect.toSatisfy((names: string[]) => names.length === 20), more_fields: 11 },
    ],
    ['nothing, if it has none', 'PUT', '/admin/plugins/guard/mode', undefined, undefined],
    ['nothing, if it is no object', 'PUT', '/admin/plugins/guard/mode', secret, undefined],
  ])('%s', async (_, method, path, body, after) => {
    const audited = await refuse(method, path, body);
    expect(audited).toEqual([
      expect.objectContaining({ after, result: expect.stringContaining('admin_input_invalid') }),
    ]);
    expect(JSON.stringify(audited).length).toBeLessThan(3_000);
  });
});
