import { describe, expect, it } from 'vitest';
import { SecretMask } from '../core/secret-mask.ts';
import { type Operation, OperationDurations } from './operation-durations.ts';

const about = { method: 'tools/call', transport: 'tcp' } as const;

/** The labels of the requests to upstreams, after these operations. */
function labelsOf(operations: readonly Partial<Operation>[], mask = new SecretMask()) {
  const durations = new OperationDurations(mask);
  for (const operation of operations) durations.requested({ ...about, ...operation }, 1);
  return durations.metrics.read('mcp.client.operation.duration', {}).map(({ labels }) => labels);
}

describe('[TEL-16] the durations of operations', () => {
  it('name a tool once a request for it had a result', () => {
    const names = labelsOf([
      { tool: 'my password', error: '-32602' },
      { tool: 'another', error: 'tool_error' },
      { tool: 'real' },
      { tool: 'real', error: '-32603' },
    ]).map(labels => labels['gen_ai.tool.name']);
    expect(names).toEqual([undefined, undefined, 'real', 'real']);
  });

  it('name nothing that is longer than a name, no known secret, and no broken text', () => {
    const mask = new SecretMask();
    mask.learn('s3cret-value');
    const names = labelsOf([{ tool: 'x'.repeat(1_000_000) }, { tool: 'a s3cret-value' }, { prompt: 'p\ud800' }], mask);
    expect(names[0]).not.toHaveProperty(['gen_ai.tool.name']);
    expect(names[1]?.['gen_ai.tool.name']).not.toContain('s3cret-value');
    expect(names[2]?.['gen_ai.prompt.name']).toBe('p\ufffd');
  });

  it('are bounded in number, whatever clients ask for and upstreams answer', () => {
    const many = Array.from({ length: 5_000 }, (_, at) => at);
    expect(labelsOf(many.map(at => ({ tool: `t${at}`, error: '-32602' })))).toHaveLength(1);
    expect(labelsOf(many.map(at => ({ error: String(at) })))).toHaveLength(33);
    expect(labelsOf(many.map(at => ({ tool: `t${at}` })))).toHaveLength(501);
    expect(labelsOf(many.map(at => ({ upstream: `u${at % 3_000}`, tool: `t${at}` }))).length).toBeLessThan(8_002);
    const pairs = many.map(at => ({ tool: `t${at % 500}`, error: at < 500 ? undefined : String(at % 30) }));
    expect(labelsOf(pairs).length).toBeLessThanOrEqual(1_001);
  });

  it('[TEL-17] name further tools of an upstream `_OTHER`, and those of other upstreams as they are', () => {
    const many = Array.from({ length: 2_000 }, (_, at) => ({ upstream: 'hostile', tool: `t${at}`, address: 'a' }));
    const errors = many.map((each, at) => ({ ...each, error: String(at) }));
    const honest = { upstream: 'honest', tool: 'echo', address: 'b' };
    const all = labelsOf([...many, ...errors, honest, { ...honest, error: '-32000' }]);
    expect(all.filter(labels => labels['gen_ai.tool.name'] === '_OTHER')).not.toHaveLength(0);
    expect(all.filter(labels => labels['server.address'] === 'b')).toEqual([
      expect.objectContaining({ 'gen_ai.tool.name': 'echo' }),
      expect.objectContaining({ 'gen_ai.tool.name': 'echo', 'error.type': '-32000' }),
    ]);
  });
});
