import { capabilities } from '@sallyport/host/capability';

const path = 'host/src/capability/lane-registry.ts';

/** Generates the list of lane modules of all capabilities, in the order of the registry. Returns path and text. */
export async function laneRegistry(): Promise<Map<string, string>> {
  const sides = capabilities.map(({ name }) => ({
    folder: name.replaceAll('_', '-'),
    side: `${name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())}InLane`,
  }));
  const imports = [
    ...sides.map(({ folder, side }) => ({ from: `./${folder}/lane.ts`, line: `import { ${side} }` })),
    { from: './lane/lane-side.ts', line: 'import type { LaneSide }' },
  ].toSorted((one, other) => (one.from < other.from ? -1 : 1));
  const text = [
    '// Generated from registry.ts by tools/scripts/generate-lane-registry.ts; run `pnpm generate`.',
    ...imports.map(({ from, line }) => `${line} from '${from}';`),
    '',
    '/** The lane side of every capability, in the order of `capabilities`. */',
    'export const laneSides = [',
    ...sides.map(({ side }) => `  ${side},`),
    '] as readonly LaneSide[];',
    '',
  ].join('\n');
  return new Map([[path, text]]);
}
