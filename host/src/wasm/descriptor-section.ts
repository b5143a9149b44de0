import { type PluginDescriptor, parseDescriptor } from '../contract/plugin-descriptor.ts';
import { fail } from '../core/fault.ts';
import { repeatedName } from '../core/json-repeat.ts';
import { componentSection, formatOf } from './binary-format.ts';
import { BinaryReader, sectionsOf } from './binary-reader.ts';
import { concat, customSection } from './binary-writer.ts';

/** The name of the custom section that contains a component's descriptor, as JSON in UTF-8. */
export const descriptorSectionName = 'sallyport:plugin';

/** The maximum length of the JSON: 256 KiB. */
const sizeLimit = 256 * 1024;

/**
 * Reads the descriptor of a component; returns undefined if it contains none. Sections of nested components are
 * ignored.
 * @throws Fault `component_malformed`, `component_core_module`, `descriptor_invalid` (also if there are two)
 */
export function readDescriptor(bytes: Uint8Array): PluginDescriptor | undefined {
  requireComponent(bytes);
  const found: Uint8Array[] = [];
  for (const section of sectionsOf(bytes)) {
    if (section.id !== componentSection.custom) continue;
    const reader = new BinaryReader(bytes, section.start, section.end);
    if (reader.name() === descriptorSectionName) found.push(bytes.subarray(reader.position, section.end));
  }
  const [json, another] = found;
  if (another)
    fail('descriptor_invalid', { what: `the component has ${found.length} sections ${descriptorSectionName}` });
  return json && parseDescriptor(parseJson(json));
}

/**
 * Returns the component with this descriptor appended as a section. All other bytes stay the same.
 * @throws Fault `descriptor_invalid` if it already contains a descriptor, or this one is too long
 */
export function embedDescriptor(bytes: Uint8Array, descriptor: PluginDescriptor): Uint8Array {
  if (readDescriptor(bytes)) fail('descriptor_invalid', { what: 'the component already contains a descriptor' });
  const json = Buffer.from(JSON.stringify(descriptor));
  if (json.length > sizeLimit) fail('descriptor_invalid', { what: `longer than ${sizeLimit} bytes` });
  return concat([bytes, customSection(descriptorSectionName, json)]);
}

/**
 * Checks that the bytes begin like a component.
 * @throws Fault `component_core_module`, or `component_malformed` for what is not WebAssembly at all
 */
export function requireComponent(bytes: Uint8Array): void {
  const format = formatOf(bytes);
  if (format === 'module') fail('component_core_module');
  if (format === undefined) fail('component_malformed', { what: 'it does not begin like a component', at: 0 });
}

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length > sizeLimit) {
    return fail('descriptor_invalid', { what: `${bytes.length} bytes; at most ${sizeLimit} are allowed` });
  }
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    return fail('descriptor_invalid', { what: 'it is not JSON in UTF-8' }, error);
  }
  const repeated = repeatedName(text);
  if (repeated !== undefined)
    fail('descriptor_invalid', { path: repeated, what: 'the name occurs twice in one object' });
  return value;
}
