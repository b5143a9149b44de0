import type { PluginDescriptor } from '@sallyport/host/core/plugin-descriptor';

/**
 * What stands before a JavaScript plugin's own source: it binds `console`, the clock and random numbers to what the
 * descriptor declares, and makes the rest throw an error that says what to declare. One line, so that line numbers in
 * stack traces stay those of the author's file. Nothing is called here: the top level runs while the plugin is built.
 */
export function prelude(descriptor: PluginDescriptor): string {
  const declared = new Set([...descriptor.required_capabilities, ...descriptor.optional_capabilities]);
  const imports = [
    bind('log'),
    declared.has('clock') ? bind('clock') : withhold('clock', ['nowMs', 'monotonicNs'], 'Date and performance'),
    declared.has('random') ? bind('random') : withhold('random', ['bytes'], 'Math.random and crypto'),
  ];
  return `${imports.join(' ')} ${oneLine(globals)}`;
}

const local = (name: string) => `__sallyport_${name}`;
const bind = (name: string) => `import ${local(name)} from 'sallyport:plugin/${name}@0.1.0';`;

/** Stands in for an interface that the descriptor does not declare. */
const withhold = (capability: string, functions: readonly string[], what: string) => {
  const message = `${what} need the capability "${capability}": add it to required_capabilities in plugin.json`;
  const refuse = `() => { throw new Error(${JSON.stringify(message)}); }`;
  return `const ${local(capability)} = { ${functions.map(name => `${name}: ${refuse}`).join(', ')} };`;
};

const globals = `
(() => {
  const show = value => {
    if (typeof value === 'string') return value;
    if (value instanceof Error) return value.name + ': ' + value.message + '\\n' + value.stack;
    try { return JSON.stringify(value) ?? String(value); } catch { return String(value); }
  };
  const line = level => (...values) => ${local('log')}.write(level, values.map(show).join(' '));
  globalThis.console = {
    log: line('info'), info: line('info'), warn: line('warn'), error: line('error'), debug: line('debug'),
    trace: line('debug'),
  };

  const now = () => Number(${local('clock')}.nowMs());
  const RealDate = Date;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, values, asked) => Reflect.construct(target, values.length === 0 ? [now()] : values, asked),
    apply: () => new RealDate(now()).toString(),
  });
  RealDate.now = now;
  RealDate.prototype.constructor = globalThis.Date;
  globalThis.performance = { now: () => Number(${local('clock')}.monotonicNs()) / 1e6 };

  Math.random = () => {
    const [high, ...low] = ${local('random')}.bytes(7);
    return low.reduce((sum, byte) => sum * 256 + byte, high % 32) / 2 ** 53;
  };
  globalThis.crypto = {
    getRandomValues: array => {
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(${local('random')}.bytes(array.byteLength));
      return array;
    },
  };
})();
`;

const oneLine = (source: string) =>
  source
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
    .join(' ');
