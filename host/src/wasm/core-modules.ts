import { fail } from '../core/fault.ts';
import { componentSection, formatOf, preambleBytes } from './binary-format.ts';
import { sectionsOf } from './binary-reader.ts';
import { requireComponent } from './descriptor-section.ts';

/** The position of a core module in the bytes of a component. */
export interface CoreModuleRange {
  readonly start: number;
  readonly end: number;
}

const maximumNesting = 16;
/** Core modules, and components, that one component may contain. Real components have at most about forty. */
const maximumParts = 200;

/**
 * Finds all core modules of a component, those of nested components included, in the order of the file.
 * (Component Model § Binary: sections 1 `core:module` and 4 `component`)
 * @throws Fault `component_malformed`, `component_core_module`, `component_excessive` beyond 200 core modules or nested
 *   components
 */
export function coreModulesOf(bytes: Uint8Array): CoreModuleRange[] {
  requireComponent(bytes);
  const found: CoreModuleRange[] = [];
  const nested: CoreModuleRange[] = [];
  collect(bytes, { start: 0, end: bytes.length }, 0, { found, nested });
  return found;
}

function collect(
  bytes: Uint8Array,
  { start, end }: CoreModuleRange,
  depth: number,
  parts: { readonly found: CoreModuleRange[]; readonly nested: CoreModuleRange[] },
): void {
  if (depth > maximumNesting) fail('component_malformed', { what: `components nested deeper than ${maximumNesting}` });
  for (const section of sectionsOf(bytes, start, end)) {
    if (section.id !== componentSection.coreModule && section.id !== componentSection.component) continue;
    const expected = section.id === componentSection.coreModule ? 'module' : 'component';
    if (
      section.end - section.start < preambleBytes ||
      formatOf(bytes.subarray(section.start, section.end)) !== expected
    ) {
      fail('component_malformed', { what: `a nested ${expected} has a wrong preamble`, at: section.start });
    }
    const kind = expected === 'module' ? parts.found : parts.nested;
    kind.push(section);
    if (kind.length > maximumParts) fail('component_excessive', { what: `nested ${expected}s`, limit: maximumParts });
    if (expected === 'component') collect(bytes, section, depth + 1, parts);
  }
}
