/** Reading and writing components in the WebAssembly binary format. */

export {
  componentSection,
  emptyComponent,
  emptyModule,
  formatOf,
  preambleBytes,
  sectionName,
} from '../wasm/binary-format.ts';
export { BinaryReader, type Section, sectionsOf } from '../wasm/binary-reader.ts';
export { concat, name, section, sized } from '../wasm/binary-writer.ts';
export { componentInfo } from '../wasm/component-info.ts';
export { componentTypes } from '../wasm/component-type.ts';
export { coreModulesOf } from '../wasm/core-modules.ts';
export { whyForbidden } from '../wasm/core-names.ts';
export { embedDescriptor, readDescriptor } from '../wasm/descriptor-section.ts';
export { injectFuel } from '../wasm/fuel/inject-fuel.ts';
export type { Exports } from '../wasm/type-scope.ts';
