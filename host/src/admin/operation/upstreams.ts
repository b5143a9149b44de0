import { z } from 'zod';
import { bindingSchema, upstreamSchema } from '../answer/upstream.ts';
import { defineReading } from '../operation.ts';

export const listUpstreams = defineReading({
  id: 'listUpstreams',
  path: '/admin/upstreams',
  summary: 'Lists the upstreams with their health, connections and latest failure.',
  answer: z.strictObject({ upstreams: z.array(upstreamSchema) }),
  run: host => ({ upstreams: [...host.upstreams()] }),
});

export const listBindings = defineReading({
  id: 'listBindings',
  path: '/admin/bindings',
  summary: 'Lists the bindings with their upstreams and plugins.',
  answer: z.strictObject({ bindings: z.array(bindingSchema) }),
  run: host => ({ bindings: [...host.bindings()] }),
});
