import type { JsonObject } from '../../../core/json.ts';
import { doubleOf } from '../../../core/json-number.ts';

const pairs = [
  ['minimum', 'maximum'],
  ['exclusiveMinimum', 'maximum'],
  ['minimum', 'exclusiveMaximum'],
  ['exclusiveMinimum', 'exclusiveMaximum'],
  ['minLength', 'maxLength'],
  ['minItems', 'maxItems'],
  ['minProperties', 'maxProperties'],
  ['minContains', 'maxContains'],
] as const;

/** Returns why no value can match the bounds of a schema of JSON Schema 2020-12; undefined if some value can. */
export function impossibleBounds(schema: JsonObject): string | undefined {
  for (const [least, most] of pairs) {
    const [low, high] = [doubleOf(schema[least]), doubleOf(schema[most])];
    if (low === undefined || high === undefined) continue;
    const isEmpty = low > high || (low === high && (least.startsWith('exclusive') || most.startsWith('exclusive')));
    if (isEmpty) return `no value can match: ${least} is ${low} and ${most} is ${high}`;
  }
  if (Array.isArray(schema.enum) && schema.enum.length === 0) return 'no value can match: enum is empty';
  return undefined;
}
