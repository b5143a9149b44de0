import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { scriptFolder } from './javascript-start.ts';
import type { ScriptContract, ScriptFunction } from './javascript-types.ts';

const specifier = /^sallyport:plugin\/(?<name>[a-z-]+)@/;

/**
 * Wraps the host's functions for a plugin: arguments are checked against their types, 64-bit integers are bigints as the
 * contract's types say, and errors have readable messages (guard.js).
 */
export function hostModules(contract: ScriptContract): Plugin {
  return {
    name: 'sallyport-host',
    setup(build) {
      build.onResolve({ filter: specifier }, ({ path, namespace }) =>
        namespace === 'sallyport-host' || namespace === 'sallyport-start'
          ? { path, external: true }
          : { path, namespace: 'sallyport-host' },
      );
      build.onLoad({ filter: specifier, namespace: 'sallyport-host' }, ({ path }) => {
        const name = specifier.exec(path)?.groups?.name ?? '';
        return { contents: moduleText(path, name, contract), resolveDir: scriptFolder };
      });
    },
  };
}

/** Writes the wrapping module. Functions are numbered, because `delete` cannot name a constant. */
function moduleText(path: string, name: string, contract: ScriptContract): string {
  const functions = contract.functions(name);
  // An interface with types only has nothing to wrap.
  if (functions.length === 0) return `export * from ${JSON.stringify(path)};`;
  const types = contract.typesOf(functions.flatMap(each => each.parameters.map(({ type }) => type)));
  return `import { hostFunction } from ${JSON.stringify(join(scriptFolder, 'guard.js'))};
import * as host from ${JSON.stringify(path)};
const types = ${JSON.stringify(types)};
${functions.map((each, index) => `const f${index} = ${wrapper(name, each)};`).join('\n')}
export { ${functions.map((each, index) => `f${index} as ${each.name}`).join(', ')} };
`;
}

const wrapper = (module: string, { name, parameters, result }: ScriptFunction): string => {
  const isWide = result === 'u64' || result === 's64';
  const words = [`${module}.${name}`, parameters, isWide].map(each => JSON.stringify(each));
  return `/* @__PURE__ */ hostFunction(${words[0]}, types, ${words[1]}, ${words[2]}, host[${JSON.stringify(name)}])`;
};
