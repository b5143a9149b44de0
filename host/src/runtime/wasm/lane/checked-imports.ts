import { ContractBroken, type HostImports } from '../../../capability/lane/lane-side.ts';
import { argumentsCheck, camel } from '../../../contract/check-value.ts';
import { contractFunctions } from '../../../contract/generated/functions.ts';

/** By interface without version and by name in JavaScript. */
const checks = new Map(
  Object.entries(contractFunctions).map(([name, functions]) => [
    name.replace(/@.*$/, ''),
    new Map(Object.entries(functions).map(([of, type]) => [camel(of), argumentsCheck(type)])),
  ]),
);

type HostFunction = (...given: unknown[]) => unknown;

/**
 * The same host functions, each of which looks at its arguments before anything counts or keeps them: glue makes them
 * of what the component says of itself. No name leads to what all objects have.
 */
export function checkedImports(imports: HostImports): HostImports {
  const checked = Object.entries(imports).map(([from, functions]) => {
    const members = Object.entries(functions).map(([name, member]) => {
      const check = checks.get(from)?.get(name);
      return [name, check === undefined ? member : checking(`${from}#${name}`, member as HostFunction, check)];
    });
    return [from, withoutPrototype(members)] as const;
  });
  return withoutPrototype(checked);
}

function checking(name: string, run: HostFunction, check: ReturnType<typeof argumentsCheck>): HostFunction {
  return (...given) => {
    const wrong = check(given);
    if (wrong !== undefined) throw new ContractBroken(`${name}: ${wrong}`);
    return run(...given);
  };
}

const withoutPrototype = (members: readonly (readonly unknown[])[]) =>
  Object.assign(Object.create(null), Object.fromEntries(members as Iterable<readonly [string, never]>));
