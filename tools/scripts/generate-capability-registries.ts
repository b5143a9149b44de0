import { capabilities } from '@sallyport/host/capability';

/**
 * Generates the list of lane modules of all capabilities, and the list of what `plugin test` puts instead of their
 * gateway sides, in the order of the registry. Returns paths and texts.
 */
export async function capabilityRegistries(): Promise<Map<string, string>> {
  const granted = capabilities.filter(({ always }) => always !== true);
  return new Map([
    [
      'host/src/capability/lane-registry.ts',
      registry(capabilities.map(partOf('InLane', 'lane.ts')), {
        type: "import type { LaneSide } from './lane/lane-side.ts';",
        says: 'The lane side of every capability, in the order of `capabilities`.',
        value: parts => [
          'export const laneSides = [',
          ...parts.map(({ side }) => `  ${side},`),
          '] as readonly LaneSide[];',
        ],
      }),
    ],
    [
      'host/src/capability/canned-registry.ts',
      registry(granted.map(partOf('Canned', 'canned.ts')), {
        type: "import type { Canned } from './canned.ts';",
        says: 'How `sallyport plugin test` answers for every capability that is granted by name.',
        value: parts => [
          'export const cannedCapabilities: Readonly<Record<string, Canned>> = {',
          ...parts.map(({ name, side }) => `  ${name}: ${side},`),
          '};',
        ],
      }),
    ],
  ]);
}

interface Part {
  readonly name: string;
  /** What the folder of the capability exports, and the file that exports it. */
  readonly side: string;
  readonly from: string;
}

const partOf =
  (suffix: string, file: string) =>
  ({ name }: { readonly name: string }): Part => ({
    name,
    side: `${name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())}${suffix}`,
    from: `./${name.replaceAll('_', '-')}/${file}`,
  });

function registry(
  parts: readonly Part[],
  text: { readonly type: string; readonly says: string; readonly value: (parts: readonly Part[]) => string[] },
): string {
  const pathOf = (line: string) => /'(.+)'/.exec(line)?.[1] ?? '';
  const imports = [...parts.map(({ side, from }) => `import { ${side} } from '${from}';`), text.type];
  return [
    '// Generated from registry.ts by tools/scripts/generate-capability-registries.ts; run `pnpm generate`.',
    ...imports.toSorted((one, other) => (pathOf(one) < pathOf(other) ? -1 : 1)),
    '',
    `/** ${text.says} */`,
    ...text.value(parts),
    '',
  ].join('\n');
}
