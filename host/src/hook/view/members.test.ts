import { expect, it } from 'vitest';
import { withoutLookalikes } from './members.ts';

it.each([
  {
    what: 'a result',
    result: { content: [], Content: [1], structuredContent: { a: 1 }, StructuredContent: {}, IsError: true },
    clean: { content: [], structuredContent: { a: 1 } },
  },
  {
    what: 'a block',
    result: { content: [{ type: 'text', text: 'a', Text: 'b', annotations: { Text: 1 } }, { Type: 'text' }] },
    clean: { content: [{ type: 'text', text: 'a', annotations: { Text: 1 } }, {}] },
  },
  {
    what: 'an embedded resource',
    result: { content: [{ type: 'resource', resource: { uri: 'a:b', text: 'a', TEXT: 'b' } }] },
    clean: { content: [{ type: 'resource', resource: { uri: 'a:b', text: 'a' } }] },
  },
  {
    what: 'a message',
    result: { messages: [{ role: 'user', content: { type: 'text', text: 'a', tExt: 'b' }, Content: {} }] },
    clean: { messages: [{ role: 'user', content: { type: 'text', text: 'a' } }] },
  },
  {
    what: 'a content of a resource',
    result: { contents: [{ uri: 'a:b', text: 'a', Blob: 'b' }] },
    clean: { contents: [{ uri: 'a:b', text: 'a' }] },
  },
  {
    what: 'a tool',
    result: { tools: [{ name: 'a', Name: 'b', Description: 'c', inputSchema: { Type: 'object' } }], Tools: [] },
    clean: { tools: [{ name: 'a', inputSchema: { Type: 'object' } }] },
  },
])('[GW-65] takes the lookalikes out of $what', ({ result, clean }) => {
  expect(withoutLookalikes(result)).toEqual(clean);
});

it('[GW-65] leaves alone what plugins are shown whole, and names that MCP does not know', () => {
  const result = {
    content: [{ type: 'text', text: 'a', 'x-vendor': 1, X: 2, _meta: { Text: 1 } }, 'no block', null],
    structuredContent: { Text: 'a', text: 'b', Name: 1 },
    vendor: { Text: 1 },
  };
  expect(withoutLookalikes(result)).toBe(result);
});
