import { z } from 'zod';
import { headerName } from '../../core/http-header.ts';
import { isLoopback } from '../../core/loopback.ts';
import { headerNameProblems, headerValue } from '../header.ts';
import { memberAt } from '../member-at.ts';
import type { Problem } from '../problem.ts';
import { milliseconds, text } from './fields.ts';
import { unknownNames } from './named.ts';
import { secretNames, sharedUseProblems } from './secrets.ts';
import { plainSection } from './section.ts';

const value = z
  .string()
  .regex(headerValue, 'a header cannot contain line breaks, control characters or characters outside Latin-1');
const trimmed = (text: string) => text.replace(/^[\t\r\n ]+|[\t\r\n ]+$/g, '');
const secretValue = z.strictObject({
  secret: text.describe('The name of one of the `secrets`.'),
  scheme: z.string().regex(headerName, 'expected one word, such as Bearer').optional(),
});

const endpoint = z
  .url({ protocol: /^https?$/, error: 'expected an http or https URL', abort: true })
  .superRefine((written, context) => {
    const { username, password, search, hash } = new URL(written);
    const issue = (message: string) => context.addIssue({ code: 'custom', message });
    if (username !== '' || password !== '') issue('a URL cannot contain a user or a password here: use `headers`');
    if (search !== '' || hash !== '') issue('a URL cannot have a query or a fragment here');
  });

const otlp = z.strictObject({
  endpoint: endpoint.describe('The collector. `/v1/traces` and `/v1/metrics` are appended to its path.'),
  protocol: z.enum(['http/protobuf', 'http/json']).default('http/protobuf'),
  headers: z
    .record(
      z.string().regex(headerName, 'not the name of a header: expected letters, digits and hyphens'),
      z.union([value.transform(trimmed), secretValue]),
    )
    .superRefine((stated, context) => {
      for (const { name, message } of headerNameProblems(stated)) {
        context.addIssue({ code: 'custom', path: [name], message });
      }
    })
    .default({})
    .describe('Sent with each export: a text, or a secret, after a scheme such as Bearer if one is stated.'),
  timeout_ms: milliseconds.default(10_000).describe('The time that one attempt to export may take.'),
  compression: z.enum(['gzip', 'none']).default('gzip'),
});

const traces = z.strictObject({
  sample: z.number().min(0).max(1).default(1).describe('The share of the requests whose spans are exported.'),
  trust_parent: z
    .boolean()
    .default(false)
    .describe('Whether a caller that states a trace decides if its request is sampled.'),
  queue: z.int().min(64).max(100_000).default(4_096).describe('The number of spans that may wait to be exported.'),
});

const metrics = z.strictObject({
  interval_ms: z.int().min(1_000).max(3_600_000).default(60_000).describe('The time between two exports.'),
});

/** `telemetry`: traces and metrics over OTLP. */
export const telemetrySection = plainSection({
  shape: {
    telemetry: z
      .strictObject({
        otlp,
        signals: z
          .array(z.enum(['traces', 'metrics']))
          .min(1)
          .default(['traces', 'metrics'])
          .describe('What is exported.'),
        service_name: text.default('sallyport').describe('`service.name` of the resource.'),
        resource: z.record(text, z.string()).default({}).describe('Further attributes of the resource.'),
        traces: traces.prefault({}),
        metrics: metrics.prefault({}),
      })
      .optional()
      .describe('Exports traces and metrics to an OpenTelemetry collector. Off unless set.'),
  },
  problems(file) {
    const headers = memberAt(file, ['telemetry', 'otlp', 'headers']);
    const used = Object.keys(typeof headers === 'object' && headers !== null ? headers : {}).flatMap(header => {
      const path = ['telemetry', 'otlp', 'headers', header, 'secret'];
      const name = memberAt(file, path);
      return typeof name === 'string' ? [{ name, path }] : [];
    });
    return [...unknownNames(secretNames(file), used, 'secret'), ...sharedUseProblems(file, used)];
  },
  warnings(file): readonly Problem[] {
    const path = ['telemetry', 'otlp', 'endpoint'];
    const stated = memberAt(file, path);
    const url = typeof stated === 'string' ? URL.parse(stated) : null;
    if (url?.protocol !== 'http:' || isLoopback(url.hostname)) return [];
    return [
      { path, message: 'traces, metrics and their headers are sent without TLS: others on the network can read them' },
    ];
  },
});
