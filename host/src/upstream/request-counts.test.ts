import { expect, it } from 'vitest';
import { Metrics } from '../core/metrics.ts';
import { errorAnswer, resultAnswer } from '../mcp/answer.ts';
import { RequestCounts } from './request-counts.ts';

const refused = () => Promise.reject(new Error('refused'));

it.each([
  { what: 'a result', method: 'tools/call', answer: async () => resultAnswer({}), labels: ['tools/call', 'result'] },
  {
    what: 'a JSON-RPC error',
    method: 'tools/call',
    answer: async () => errorAnswer({ code: -1, message: '' }),
    labels: ['tools/call', 'error'],
  },
  { what: 'no answer', method: 'tools/list', answer: refused, labels: ['tools/list', 'failed'] },
  {
    what: 'the end of its caller',
    method: 'tools/call',
    answer: refused,
    signal: AbortSignal.abort(),
    labels: ['tools/call', 'cancelled'],
  },
  {
    what: 'a method that a client made up',
    method: 'x'.repeat(99),
    answer: async () => resultAnswer({}),
    labels: ['other', 'result'],
  },
])('[MET-03] a request to an upstream is counted and timed, with $what', async ({ method, answer, signal, labels }) => {
  const metrics = new Metrics();
  const counts = new RequestCounts(metrics, 'u');
  for (let n = 0; n < 2; n += 1) await counts.of(method, answer(), signal).catch(() => {});
  const [shown, outcome] = labels;
  expect(metrics.text()).toContain(
    `sallyport_upstream_requests_total{upstream="u",method="${shown}",outcome="${outcome}"} 2\n`,
  );
  expect(metrics.text()).toContain('sallyport_upstream_request_seconds_count{upstream="u"} 2\n');
});
