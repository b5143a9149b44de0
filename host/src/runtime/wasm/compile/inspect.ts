import type { VerifiedArtifact } from '../../../contract/artifact.ts';
import { type ComponentInfo, componentInfo } from '../../../wasm/component-info.ts';
import { checkSize } from '../../../wasm/component-size.ts';
import { type ComponentTypes, componentTypes } from '../../../wasm/component-type.ts';
import { checkCoreNames } from '../../../wasm/core-names.ts';

declare const brand: unique symbol;

/** A component whose size and names were checked, with its imports and exports. Only `inspect` creates it. */
export interface InspectedComponent extends ComponentInfo {
  readonly [brand]: 'InspectedComponent';
  readonly artifact: VerifiedArtifact;
  /** The types behind the names of imports and exports. */
  readonly types: ComponentTypes;
}

/**
 * Reads the imports, exports and types of a component, after its size and names were checked.
 * @throws Fault `name_forbidden`, `component_*`, `feature_forbidden`
 */
export function inspect(artifact: VerifiedArtifact): InspectedComponent {
  const { bytes } = artifact;
  checkSize(bytes);
  checkCoreNames(bytes);
  const fields = { artifact, ...componentInfo(bytes), types: componentTypes(bytes) };
  return fields as Omit<InspectedComponent, typeof brand> as InspectedComponent;
}
