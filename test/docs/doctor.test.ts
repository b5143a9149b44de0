import { expect, it } from 'vitest';
import { checks, invalidConfiguration } from '../../host/src/doctor/checks.ts';
import { read } from '../fixtures/markdown.ts';

it('[CLI-60] the list of checks is complete', () => {
  const rows = [...read('docs/operator-guide.md').matchAll(/^\| (DR\d+) \| (\w+) \| (.+) \|$/gm)];
  expect(rows.map(([, id, severity, about]) => ({ id, severity, about }))).toEqual(
    [invalidConfiguration, ...checks].map(({ id, severity, about }) => ({ id, severity, about })),
  );
});
