import type { Part } from './anatomy.ts';

/** The size of a component, whole and by section, a line each. */
export const tellParts = (bytes: number, parts: readonly Part[]): readonly string[] => [
  `size: ${bytes} bytes, by section:`,
  ...parts.map(
    ({ section, count, bytes: size }) => `  ${String(size).padStart(10)}  ${section}${count > 1 ? ` (${count})` : ''}`,
  ),
];
