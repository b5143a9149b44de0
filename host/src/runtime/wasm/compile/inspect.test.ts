import { expectTypeOf, it } from 'vitest';
import type { VerifiedArtifact } from '../../../contract/artifact.ts';
import type { WasmRuntime } from '../wasm-runtime.ts';
import type { InspectedComponent } from './inspect.ts';

it('leaves no way to compile a component that was not inspected', () => {
  expectTypeOf<WasmRuntime['compile']>().parameter(0).toEqualTypeOf<InspectedComponent>();
  expectTypeOf<ReturnType<WasmRuntime['inspect']>>().toEqualTypeOf<InspectedComponent>();
  expectTypeOf<VerifiedArtifact>().not.toExtend<InspectedComponent>();
  expectTypeOf<
    Pick<InspectedComponent, 'artifact' | 'imports' | 'exports' | 'types'>
  >().not.toExtend<InspectedComponent>();
});
