import { z } from 'zod';
import { cidr } from '../core/cidr.ts';
import { fileSchema, methodsSchema, ruleSchema } from './allow-rule.ts';

const bytes = z
  .int()
  .min(1)
  .max(2 ** 28);

/** What an operator grants: which requests, where to, how many, how large, how long. */
export const egressGrantSchema = z.strictObject({
  allow: z
    .array(ruleSchema)
    .min(1)
    .max(256)
    .describe('URLs that requests may go to. Every redirect is checked as well.'),
  methods: methodsSchema.default(['GET', 'HEAD', 'POST']).describe('Methods of rules that state none.'),
  allow_private: z.array(cidr).default([]).describe('Addresses that may be reached although they are not public.'),
  max_bytes: bytes.default(1_048_576).describe('Size of the body of one response.'),
  max_request_bytes: bytes.optional().describe('Size of the body of one request; max_bytes unless stated.'),
  max_redirects: z.int().min(0).max(20).default(5).describe('With 0, redirects are returned to the plugin.'),
  timeout_ms: z.int().min(1).max(600_000).default(10_000).describe('Time of one request with all its redirects.'),
  min_bytes_per_second: z
    .int()
    .min(0)
    .max(2 ** 28)
    .default(100)
    .describe('A response that is slower than this after two seconds is aborted.'),
  concurrency: z
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe('Requests at one time, of all tenants together; further ones wait.'),
  requests_per_minute: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(600)
    .describe('Of all tenants together. Every redirect counts as a request.'),
  ca_file: fileSchema.optional().describe('PEM of certificate authorities to trust in addition to the usual ones.'),
  dns: z
    .array(z.string().regex(/^([0-9.]+|\[[0-9a-f:]+\])(:\d{1,5})?$/, 'an address, or address:port'))
    .min(1)
    .optional()
    .describe("DNS servers to ask instead of the operating system's."),
});

export type EgressGrant = z.infer<typeof egressGrantSchema>;
