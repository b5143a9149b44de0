import { expect, it } from 'vitest';
import { Metrics } from '../../core/metrics.ts';
import { SecretMask } from '../../core/secret-mask.ts';
import type { ServeContext } from '../capability.ts';
import { metrics as capability } from './gateway.ts';

it.each(['counter', 'histogram'] as const)('[CAP-96] a %s never grows beyond what a number can be', type => {
  const metrics = new Metrics();
  const refused: unknown[] = [];
  const on = {
    ...{ plugin: 'p', metrics, mask: new SecretMask() },
    refused: (_what: string, _call: unknown, reason: string) => void refused.push(reason),
  } as unknown as ServeContext;
  const hear = capability.hear?.(capability.grant.parse({}), on);
  for (let times = 0; times < 3; times += 1) hear?.({ type, name: 'huge', labels: [], value: 1e308 }, {} as never);
  expect(metrics.text()).not.toMatch(/Inf$/m);
  expect(refused).toEqual(['invalid', 'invalid']);
});
