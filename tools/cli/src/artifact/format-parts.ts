import type { Part } from './anatomy.ts';

/** Formats the size of a component, total and by section, one line each. */
export const formatParts = (bytes: number, parts: readonly Part[]): readonly string[] => [
  `size: ${bytes} bytes, by section:`,
  ...parts.map(
    ({ section, count, bytes: size }) => `  ${String(size).padStart(10)}  ${section}${count > 1 ? ` (${count})` : ''}`,
  ),
];
