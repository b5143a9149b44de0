import { expect, it } from 'vitest';
import { ambiguousName } from './ambiguous-name.ts';

it.each([
  { what: 'what MCP defines', params: { name: 'a', arguments: { Name: 1 }, _meta: { progressToken: 1 } } },
  { what: 'other names, once each', params: { own: 1, arguments: { a: { b: 1 }, c: [{ b: 2 }] } } },
  { what: 'nothing', params: {} },
])('leaves alone $what', ({ params }) => {
  expect(ambiguousName(params)).toBeUndefined();
});

it.each([
  { what: 'a parameter in other case', params: { Name: 'a' }, says: ['`Name`', 'write `name`'] },
  { what: 'both forms of a parameter', params: { name: 'a', NAME: 'b' }, says: ['`NAME`', 'write `name`'] },
  { what: 'twins in the arguments', params: { arguments: { to: 1, To: 2 } }, says: ['`to`', '`To`'] },
  { what: 'twins deep in a list', params: { arguments: { list: [{ in: { a: 1, A: 2 } }] } }, says: ['`a`', '`A`'] },
])('names $what', ({ params, says }) => {
  const said = ambiguousName(params);
  for (const each of says) expect(said).toContain(each);
});
