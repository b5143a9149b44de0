import { expect, it } from 'vitest';
import { capabilities } from './registry.ts';

it('[CAP-111] only capabilities that reach servers and other tools suspend a plugin', () => {
  const suspending = capabilities.filter(({ asyncImports }) => asyncImports !== undefined);
  expect(suspending.map(({ name }) => name)).toEqual(['outbound_http', 'tool_call']);
  const blocking = capabilities.filter(({ blockingImports }) => blockingImports !== undefined);
  expect(blocking.map(({ name }) => name)).toEqual(['kv_store', 'secret_store']);
  // Whatever asks the gateway says how.
  const asking = capabilities.filter(({ serve }) => serve !== undefined);
  expect(asking.filter(each => !suspending.includes(each) && !blocking.includes(each))).toEqual([]);
});
