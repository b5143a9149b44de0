import { expect, it } from 'vitest';
import { pathsOf } from './routes.ts';

it('a binding has its own paths, with and without a slash, and the standard one is also /mcp', () => {
  const bindings = new Map([
    ['one', 1],
    ['two', 2],
  ]);
  expect(Object.fromEntries(pathsOf(bindings, 1))).toEqual({
    ...{ '/mcp': 1, '/mcp/': 1 },
    ...{ '/mcp/one': 1, '/mcp/one/': 1, '/one/mcp': 1, '/one/mcp/': 1 },
    ...{ '/mcp/two': 2, '/mcp/two/': 2, '/two/mcp': 2, '/two/mcp/': 2 },
  });
});

it('without a standard binding there is no /mcp', () => {
  expect(pathsOf(new Map([['one', 1]]), undefined).map(([path]) => path)).not.toContain('/mcp');
});
