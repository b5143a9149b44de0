/** Rows of cells under a head. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Returns the table in columns: the first to the left, the others to the right. */
export function asText({ head, rows }: Table): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map(row => row[column]?.length ?? 0)));
  const lines = [head, ...rows].map(row =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  );
  return lines.map(line => `${line.trimEnd()}\n`).join('');
}

/** Returns the table as Markdown. */
export function asMarkdown({ head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.trim()).join(' | ')} |\n`;
  return [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows].map(line).join('');
}
