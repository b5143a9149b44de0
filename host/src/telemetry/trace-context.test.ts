import { describe, expect, it } from 'vitest';
import { contextInMeta, readTraceContext, traceHeaders, withTraceMeta } from './trace-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe('the context that a caller states', () => {
  it.each([
    { what: 'sampled', parent: `00-${traceId}-${spanId}-01`, isSampled: true },
    { what: 'not sampled', parent: `00-${traceId}-${spanId}-00`, isSampled: false },
    { what: 'with other flags', parent: `00-${traceId}-${spanId}-fe`, isSampled: false },
    { what: 'of a later version', parent: `01-${traceId}-${spanId}-01`, isSampled: true },
    { what: 'of a later version with more', parent: `cc-${traceId}-${spanId}-01-what.the.future`, isSampled: true },
  ])('[TEL-03] is read: $what', ({ parent, isSampled }) => {
    expect(readTraceContext(parent, undefined)).toEqual({ traceId, spanId, isSampled });
    expect(contextInMeta({ _meta: { traceparent: parent } })).toEqual({ traceId, spanId, isSampled });
  });

  it.each([
    { what: 'nothing', parent: undefined },
    { what: 'an empty text', parent: '' },
    { what: 'no text', parent: 7 },
    { what: 'an object', parent: { traceparent: `00-${traceId}-${spanId}-01` } },
    { what: 'several headers', parent: `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01` },
    { what: 'upper case', parent: `00-${traceId.toUpperCase()}-${spanId}-01` },
    { what: 'no hexadecimal', parent: `00-${traceId.replace('0', 'g')}-${spanId}-01` },
    { what: 'a trace of zeros', parent: `00-${'0'.repeat(32)}-${spanId}-01` },
    { what: 'a span of zeros', parent: `00-${traceId}-${'0'.repeat(16)}-01` },
    { what: 'the invalid version', parent: `ff-${traceId}-${spanId}-01` },
    { what: 'version 00 with more', parent: `00-${traceId}-${spanId}-01-more` },
    { what: 'a short trace', parent: `00-${traceId.slice(1)}-${spanId}-01` },
    { what: 'a line break at the end', parent: `00-${traceId}-${spanId}-01\n` },
    { what: 'a megabyte', parent: `01-${traceId}-${spanId}-01-${'x'.repeat(2 ** 20)}` },
  ])('[TEL-03] is ignored: $what', ({ parent }) => {
    expect(readTraceContext(parent, undefined)).toBeUndefined();
    expect(contextInMeta({ _meta: { traceparent: parent as string } })).toBeUndefined();
  });

  it.each([
    { what: 'one member', state: 'rojo=00f067aa0ba902b7', kept: 'rojo=00f067aa0ba902b7' },
    { what: 'white space', state: 'a=1 , b=2', kept: 'a=1,b=2' },
    { what: 'the key of a tenant', state: 'fw529a3039@dt=FfffFeeeE', kept: 'fw529a3039@dt=FfffFeeeE' },
    { what: 'no text', state: ['a=1'], kept: undefined },
    { what: 'no value', state: 'a', kept: undefined },
    { what: 'a control character', state: 'a=1\r\nevil: 1', kept: undefined },
    { what: 'an upper-case key', state: 'A=1', kept: undefined },
    {
      what: 'too many members',
      state: Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(),
      kept: undefined,
    },
    { what: 'too long', state: `a=${'x'.repeat(511)}`, kept: undefined },
  ])('[TEL-03] keeps a tracestate only if it is valid: $what', ({ state, kept }) => {
    expect(readTraceContext(`00-${traceId}-${spanId}-01`, state)?.state).toBe(kept);
  });
});

it('[TEL-04] what is sent has the context of the gateway, and neither that of the client nor its baggage', () => {
  const headers = traceHeaders({ traceId, spanId, isSampled: true, state: 'a=1' });
  const params = {
    name: 'echo',
    _meta: { progressToken: 1, traceparent: 'x', tracestate: 'y', baggage: 'user=alice', 'vendor/kept': [1] },
  };
  expect(withTraceMeta(params, headers)).toEqual({
    name: 'echo',
    _meta: { progressToken: 1, 'vendor/kept': [1], traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'a=1' },
  });
});
