import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { scriptFolder } from './javascript-start.ts';
import type { ScriptContract, ScriptFunction } from './javascript-types.ts';

const specifier = /^sallyport:plugin\/(?<name>[a-z-]+)@/;

/**
 * Stands between a plugin and the host's functions: values are held to their types, 64-bit integers are bigints as the
 * contract's types say, and an error says what it is (guard.js).
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

/** `delete` is no name of a constant, so that every function gets one by number. */
function moduleText(path: string, name: string, contract: ScriptContract): string {
  const functions = contract.functions(name);
  // An interface of types alone has nothing that could be called.
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
