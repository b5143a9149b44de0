import { describe, expect, it } from 'vitest';
import { readJson } from '../../core/json-reader.ts';
import { changedPaths } from './changed-paths.ts';
import { type ListedTool, requestMembers } from './named-members.ts';

const tool: ListedTool = {
  inputSchema: {
    properties: { query: {}, filter: { $ref: '#/$defs/filter' }, 'a/b~c': {}, self: { $ref: '#' } },
    $defs: { filter: { anyOf: [{ properties: { from: {} } }, { properties: { to: {} } }] } },
  },
  outputSchema: {
    properties: { rows: { type: 'array', items: { properties: { name: {} } } }, free: { additionalProperties: {} } },
  },
};
const args = (value: object) => ({ name: 'search', arguments: value });
const rows = (...values: readonly object[]) => ({ content: [], structuredContent: { rows: values } });

describe('the paths of a change', () => {
  it.each<[string, object, object, readonly string[]]>([
    ['nothing', args({ query: 'a' }), args({ query: 'a' }), []],
    ['members in another order', { a: 1, b: 2 }, { b: 2, a: 1 }, []],
    ['a text of a content block', { content: [{ text: 'a' }] }, { content: [{ text: 'b' }] }, ['/content/0/text']],
    ['one block more', { content: [] }, { content: [{ text: 'b' }] }, ['/content']],
    ['a member of MCP that was added', { content: [] }, { content: [], isError: true }, ['/isError']],
    ['an argument that the schema names', args({ query: 'a' }), args({ query: 'b' }), ['/arguments/query']],
    ['an argument that it does not name', args({ secret: 'a' }), args({ secret: 'b' }), ['/arguments/*']],
    ['two of these', args({ x: 1, y: 1 }), args({ x: 2, y: 2 }), ['/arguments/*']],
    [
      'below a reference',
      args({ filter: { to: 1, k: 1 } }),
      args({ filter: { to: 2, k: 1 } }),
      ['/arguments/filter/to'],
    ],
    ['unknown below a known name', args({ filter: { k: 1 } }), args({ filter: { k: 2 } }), ['/arguments/filter/*']],
    ['a name that needs escapes', args({ 'a/b~c': 1 }), args({}), ['/arguments/a~1b~0c']],
    ['a schema that refers to itself', args({ self: { query: 1 } }), args({ self: {} }), ['/arguments/self/query']],
    ['all arguments', args({ query: 'a' }), { name: 'search' }, ['/arguments']],
    ['an item of a list', rows({ name: 'a' }), rows({ name: 'b' }), ['/structuredContent/rows/0/name']],
    ['an unknown member of an item', rows({ ssn: 'a' }), rows({ ssn: 'b' }), ['/structuredContent/rows/0/*']],
    [
      'names that a schema leaves free, and lists below them',
      { structuredContent: { free: { alice: [1] } } },
      { structuredContent: { free: { alice: [2] } } },
      ['/structuredContent/free/*/*'],
    ],
    ['metadata', { _meta: { 'bob@example.com': 1 } }, { _meta: { 'bob@example.com': 2 } }, ['/_meta/*']],
    ['a member of the result that MCP does not name', { bob: 1 }, { bob: 2 }, ['/*']],
    [
      'the schema of a listed tool',
      { tools: [{ inputSchema: { properties: { bob: {} } } }] },
      { tools: [{ inputSchema: { properties: {} } }] },
      ['/tools/0/inputSchema/*/*'],
    ],
    ['a prototype', args({ __proto__: null, constructor: 1 }), args({ constructor: 2 }), ['/arguments/*']],
  ])('[HOOK-121] name what a schema or MCP names, and nothing else: %s', (_, before, after, paths) => {
    expect(changedPaths(before as never, after as never, requestMembers([tool])).paths).toEqual(paths);
  });

  it('[HOOK-121] name no argument of a tool whose schema is not known', () => {
    const { paths } = changedPaths(args({ query: 'a' }) as never, args({ query: 'b' }) as never, requestMembers([]));
    expect(paths).toEqual(['/arguments/*']);
  });

  it('[HOOK-121] compare numbers by their digits', () => {
    const digits = (text: string) => readJson(`{"structuredContent":{"free":${text}}}`);
    const members = requestMembers([tool]);
    expect(changedPaths(digits('1.10'), digits('1.10'), members).paths).toEqual([]);
    expect(changedPaths(digits('1.10'), digits('1.100'), members).paths).toEqual(['/structuredContent/free']);
  });

  it('[HOOK-121] are a hundred at most, and end where a value is nested deeply', () => {
    const blocks = (text: string) => ({ content: Array.from({ length: 1_000 }, () => ({ text })) });
    const { paths, hasMore } = changedPaths(blocks('a'), blocks('b'), requestMembers([]));
    expect([paths.length, hasMore]).toEqual([100, true]);
    const nested = (leaf: string) => {
      let value: object = { leaf };
      for (let depth = 0; depth < 100_000; depth += 1) value = { self: value };
      return args(value) as never;
    };
    const [path = ''] = changedPaths(nested('a'), nested('b'), requestMembers([tool])).paths;
    expect(path.split('/')).toHaveLength(65);
  });
});
