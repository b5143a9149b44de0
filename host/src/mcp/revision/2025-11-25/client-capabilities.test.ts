import { expect, it } from 'vitest';
import { clientCapabilitiesIn } from './client-capabilities.ts';

it.each([
  {
    what: 'what a client declares',
    given: { elicitation: { url: {} }, roots: {} },
    kept: { elicitation: { url: {} }, roots: {} },
  },
  { what: 'no unknown name', given: { sampling: {}, more: {} }, kept: { sampling: {} } },
  { what: 'no long value', given: { sampling: {}, experimental: { text: 'x'.repeat(500) } }, kept: { sampling: {} } },
  { what: 'nothing where nothing is declared', given: undefined, kept: {} },
  { what: 'nothing of a text', given: 'all', kept: {} },
])('keeps $what', ({ given, kept }) => {
  expect(clientCapabilitiesIn(given === undefined ? {} : { capabilities: given })).toEqual(kept);
});
