import { expect, it } from 'vitest';
import { columns } from './columns.ts';

it('[CLI-70] a text of someone else in a cell forges no row', () => {
  const text = columns(
    ['SUBJECT', 'SCHEME'],
    [
      ['ada\nadmin  anonymous\u001b[2K', ''],
      ['bob', 'keys'],
    ],
    'none',
  );
  expect(text.split('\n')).toHaveLength(3);
  expect(text).not.toContain('\u001b');
  expect(text).toMatch(/^bob +keys$/m);
  expect(columns(['A'], [], 'none')).toBe('none');
});
