import { oneLine } from '@sallyport/host/core';

/**
 * Aligns rows below a heading. Empty cells are shown as `-`, and no text in a cell begins a line.
 * @param none what is returned for no rows
 */
export function columns(heading: readonly string[], rows: readonly (readonly string[])[], none: string): string {
  if (rows.length === 0) return none;
  const all = [heading, ...rows.map(row => row.map(cell => oneLine(cell) || '-'))];
  const widths = heading.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)));
  return all
    .map(row => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)))
    .map(row => row.join('  ').trimEnd())
    .join('\n');
}
