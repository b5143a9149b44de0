import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import type { Engine } from './engine.ts';

const specifier = /^sallyport:plugin\/(?<name>[a-z-]+)@/;

/** A function of the host, in camelCase, and whether it yields a 64-bit integer. */
interface HostFunction {
  readonly name: string;
  readonly isWide: boolean;
}

/**
 * Stands between a plugin and the host's functions with 64-bit integers. The contract's types have them as bigint, and
 * QuickJS's bindings take and yield numbers; given a bigint, they would end the instance.
 */
export function hostModules(worldDir: string, engine: Engine): Plugin {
  return {
    name: 'sallyport-host',
    async setup(build) {
      const functions =
        engine === 'quickjs' ? await wideFunctions(worldDir) : new Map<string, readonly HostFunction[]>();
      build.onResolve({ filter: specifier }, ({ path, namespace }) =>
        namespace !== 'sallyport' && functions.has(nameOf(path))
          ? { path, namespace: 'sallyport' }
          : { path, external: true },
      );
      build.onLoad({ filter: specifier, namespace: 'sallyport' }, ({ path }) => ({
        contents: moduleText(path, functions.get(nameOf(path)) ?? []),
      }));
    },
  };
}

const nameOf = (path: string): string => specifier.exec(path)?.groups?.name ?? '';

/** All functions of the interfaces in which one has a 64-bit integer. */
async function wideFunctions(worldDir: string): Promise<ReadonlyMap<string, readonly HostFunction[]>> {
  const names = (await readdir(worldDir)).filter(name => name.endsWith('.wit'));
  const texts = await Promise.all(names.map(name => readFile(join(worldDir, name), 'utf8')));
  const found = new Map<string, readonly HostFunction[]>();
  for (const [, name = '', body = ''] of texts.join('\n').matchAll(/^interface ([a-z-]+) \{$(.*?)^\}$/gms)) {
    const functions = [...body.matchAll(/^ +%?([a-z-]+): (func\(.*\).*);$/gm)];
    if (!functions.some(([, , type = '']) => /\b[us]64\b/.test(type))) continue;
    found.set(
      name,
      functions.map(([, each = '', type = '']) => ({
        name: each.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
        isWide: /-> (result<)?[us]64\b/.test(type),
      })),
    );
  }
  return found;
}

/** `delete` is no name of a constant, so that every function gets one by number. */
const moduleText = (path: string, functions: readonly HostFunction[]): string => `
import * as host from ${JSON.stringify(path)};
const plain = value => {
  if (typeof value !== 'bigint') return value;
  if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) throw new RangeError(value + ' is 2^53 or more');
  return Number(value);
};
${functions.map(wrapper).join('\n')}
export { ${functions.map(({ name }, index) => `f${index} as ${name}`).join(', ')} };
`;

const wrapper = ({ name, isWide }: HostFunction, index: number): string => {
  const call = `host[${JSON.stringify(name)}](...values.map(plain))`;
  return `const f${index} = (...values) => ${isWide ? `BigInt(${call})` : call};`;
};
