import { fail } from '../../../core/fault.ts';
import { elementBytes } from '../lane/payload-limit.ts';

/**
 * The replacements. Each must find its target, so that a change of jco's glue is noticed and never runs half prepared.
 */
const steps: readonly { readonly what: string; readonly find: RegExp; readonly put: string }[] = [
  { what: 'the exported function', find: /^export function instantiate\(/m, put: 'function instantiate(' },
  { what: 'the exported utilities', find: /^export const _util = \{[\s\S]*$/m, put: '' },
  // It is called dozens of times in a hook call, and each time it reads the environment.
  {
    what: 'the debug log',
    find: /const _debugLog = \(\.\.\.args\) => \{[\s\S]*?\n {2}\};/,
    put: 'const _debugLog = () => {};',
  },
];

/**
 * Turns the ES module that jco generates into the body of a function that returns `instantiate`. It runs again for
 * every instance: closures of one module that is instantiated twice share V8's feedback and run slower.
 * @throws Fault `glue_unknown`
 */
export function prepareGlue(module: string): string {
  let text = module;
  for (const { what, find, put } of steps) {
    if (!find.test(text)) {
      // A component that needs little has glue without it.
      if (what === 'the debug log' && !text.includes('_debugLog')) continue;
      fail('glue_unknown', { missing: what });
    }
    text = text.replace(find, () => put);
  }
  return `${metered(text)}\nreturn instantiate;`;
}

/**
 * Adds calls of `meterLifted` that count each list and array of bytes before it is copied out of the guest's memory.
 * Texts are counted by the decoder of the realm.
 */
function metered(text: string): string {
  const counted = text
    .replace(/for \(let i = 0; i < (len\d+); i\+\+\) \{/g, `meterLifted($1 * ${elementBytes});\n$&`)
    .replace(/\.buffer\.slice\((ptr\d+), \1 \+ (len\d+) \* (\d+)\)/g, '.buffer.slice($1, $1 + meterLifted($2 * $3))');
  return /\.buffer\.slice\((?!ptr\d+, ptr\d+ \+ meterLifted\()/.test(counted)
    ? fail('glue_unknown', { missing: 'the length of what it copies' })
    : counted;
}

/**
 * Counts how often the glue instantiates each core module, by name. jco writes one statement for each core instance,
 * including those of nested components, and none of them in a loop.
 */
export function instancesIn(glue: string): ReadonlyMap<string, number> {
  const names = new Map(
    [...glue.matchAll(/\b(module\d+) = getCoreModule\('([\w.-]+)'\)/g)].map(([, variable = '', name = '']) => [
      variable,
      name,
    ]),
  );
  const counts = new Map<string, number>();
  for (const [, variable = ''] of glue.matchAll(/\binstantiateCore\((module\d+)\b/g)) {
    const name = names.get(variable) ?? fail('glue_unknown', { missing: `the module ${variable}` });
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
