import { expect, it } from 'vitest';
import { createOrigins, pageOf, urisIn } from './handed-out-uris.ts';

const link = { type: 'resource_link', uri: 'doc:link', name: 'link' };
const embedded = { type: 'resource', resource: { uri: 'doc:embedded', text: 'x' } };

it.each([
  { what: 'a tool', result: { content: [link, { type: 'text', text: 'doc:text' }, embedded] } },
  {
    what: 'a prompt',
    result: {
      messages: [
        { role: 'user', content: link },
        { role: 'user', content: [embedded] },
      ],
    },
  },
  { what: 'a folder that was read', result: { contents: [{ uri: 'doc:link' }, { uri: 'doc:embedded', blob: '' }] } },
])('finds the uris that $what hands out', ({ result }) => {
  expect(urisIn(result)).toEqual(['doc:link', 'doc:embedded']);
});

it.each([
  {},
  { content: 'doc:1', messages: {}, contents: null },
  {
    content: [null, 'doc:1', { type: 'resource' }, { type: 'resource', resource: 'doc:1' }, { type: 'resource_link' }],
  },
  { contents: [{ uri: 5 }, {}] },
  { messages: [{}, { content: null }, { content: [null] }] },
])('finds none in %j', result => {
  expect(urisIn(result)).toEqual([]);
});

it.each([
  { tool: { name: 'a', _meta: { ui: { resourceUri: 'ui://a' } } }, page: 'ui://a' },
  { tool: { name: 'a', _meta: { 'ui/resourceUri': 'ui://a' } }, page: 'ui://a' },
  { tool: { name: 'a', _meta: { ui: { visibility: ['app'] } } }, page: undefined },
  { tool: { name: 'a' }, page: undefined },
])('knows the page $page of the tool $tool', ({ tool, page }) => {
  expect(pageOf(tool)).toBe(page);
});

it('remembers the thousand uris that were seen last, none of which is very long [GW-30]', () => {
  const origins = createOrigins();
  for (let place = 0; place < 1_000; place += 1) origins.saw(`doc:${place}`, 'up');
  origins.saw('doc:0', 'two');
  origins.saw('doc:new', 'up');
  origins.saw(`doc:${'x'.repeat(2_048)}`, 'up');
  expect(['doc:0', 'doc:1', 'doc:2', 'doc:new'].map(origins.of)).toEqual(['two', undefined, 'up', 'up']);
  expect(origins.of(`doc:${'x'.repeat(2_048)}`)).toBeUndefined();
  origins.forget('doc:0');
  expect(origins.of('doc:0')).toBeUndefined();
});
