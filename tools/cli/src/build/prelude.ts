import type { PluginDescriptor } from '@sallyport/host/core/plugin-descriptor';

/** Where lines of a bundle come from. */
export interface LineTable {
  readonly files: readonly string[];
  /** Lines that follow each other here and there: first line in the bundle, index in `files`, first line there; from 1. */
  readonly runs: readonly (readonly [here: number, file: number, there: number])[];
}

/**
 * What stands before a JavaScript plugin's own source: it binds `console`, the clock and random numbers to what the
 * descriptor declares, and makes the rest throw an error that says what to declare. Nothing of the host is called here:
 * the top level runs while the plugin is built.
 */
export function prelude(descriptor: PluginDescriptor): string {
  const declared = new Set([...descriptor.required_capabilities, ...descriptor.optional_capabilities]);
  const imports = [
    bind('log'),
    declared.has('clock') ? bind('clock') : withhold('clock', ['nowMs', 'monotonicNs'], 'Date and performance'),
    declared.has('random') ? bind('random') : withhold('random', ['bytes'], 'Math.random and crypto'),
  ];
  return `${imports.join('\n')}${globals}`;
}

/** What stands after the source, so that stack traces in the log name the lines that the author wrote. */
export const traces = (lines: LineTable): string => `${local('lines')} = ${JSON.stringify(lines)};\n`;

const local = (name: string) => `__sallyport_${name}`;
const bind = (name: string) => `import * as ${local(name)} from 'sallyport:plugin/${name}@0.1.0';`;

/** Stands in for an interface that the descriptor does not declare. */
const withhold = (capability: string, functions: readonly string[], what: string) => {
  const message = `${what} need the capability "${capability}": add it to required_capabilities in plugin.json`;
  const refuse = `() => { throw new Error(${JSON.stringify(message)}); }`;
  return `const ${local(capability)} = { ${functions.map(name => `${name}: ${refuse}`).join(', ')} };`;
};

const globals = `
let ${local('lines')} = { files: [], runs: [] };
(() => {
  const provide = (name, value) =>
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });

  const place = stack => stack.replace(/\\(?[^ (]*?(?:<[a-z]+>|\\.js):(\\d+)(?::\\d+)?\\)?/g, (all, text) => {
    const line = Number(text);
    const { files, runs } = ${local('lines')};
    const run = runs.findLast(([here]) => here <= line);
    return run === undefined ? all : '(' + files[run[1]] + ':' + (run[2] + line - run[0]) + ')';
  });
  const show = value => {
    if (typeof value === 'string') return value;
    if (value instanceof Error) return value.name + ': ' + value.message + '\\n' + place(value.stack ?? '');
    try { return JSON.stringify(value) ?? String(value); } catch { return String(value); }
  };
  const line = level => (...values) =>
    ${local('log')}.write(level, values.length === 1 ? show(values[0]) : values.map(show).join(' '));
  provide('console', {
    log: line('info'), info: line('info'), warn: line('warn'), error: line('error'), debug: line('debug'),
    trace: line('debug'),
  });

  const now = () => Number(${local('clock')}.nowMs());
  const RealDate = Date;
  provide('Date', new Proxy(RealDate, {
    construct: (target, values, asked) => Reflect.construct(target, values.length === 0 ? [now()] : values, asked),
    apply: () => new RealDate(now()).toString(),
  }));
  RealDate.now = now;
  RealDate.prototype.constructor = Date;
  provide('performance', { now: () => Number(${local('clock')}.monotonicNs()) / 1e6 });

  Math.random = () => {
    const [high, ...low] = ${local('random')}.bytes(7);
    return low.reduce((sum, byte) => sum * 256 + byte, high % 32) / 2 ** 53;
  };
  const getRandomValues = array => {
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(${local('random')}.bytes(array.byteLength));
    return array;
  };
  const randomUUID = () => {
    const bytes = getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  };
  provide('crypto', { getRandomValues, randomUUID });

  if (typeof TextEncoder !== 'undefined') return;
  provide('TextEncoder', class TextEncoder {
    get encoding() { return 'utf-8'; }
    encode(text = '') {
      const bytes = [];
      for (const character of String(text)) {
        const given = character.codePointAt(0);
        const code = given >= 0xd800 && given <= 0xdfff ? 0xfffd : given;
        if (code < 0x80) bytes.push(code);
        else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
        else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
        else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
      }
      return Uint8Array.from(bytes);
    }
  });
  provide('TextDecoder', class TextDecoder {
    #fatal;
    constructor(label = 'utf-8', { fatal = false } = {}) {
      if (!/^utf-?8$/i.test(label)) throw new RangeError('TextDecoder knows UTF-8 alone, not ' + label);
      this.#fatal = fatal;
    }
    get encoding() { return 'utf-8'; }
    decode(given = new Uint8Array()) {
      const bytes = given instanceof ArrayBuffer
        ? new Uint8Array(given) : new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
      let text = '';
      let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
      while (at < bytes.length) {
        const lead = bytes[at++];
        if (lead < 0x80) { text += String.fromCharCode(lead); continue; }
        const more = lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 0;
        let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
        let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
        let code = lead & (0x3f >> more);
        let left = more;
        while (left > 0 && bytes[at] >= low && bytes[at] <= high) {
          code = (code << 6) | (bytes[at++] & 63);
          [low, high, left] = [0x80, 0xbf, left - 1];
        }
        if (more > 0 && left === 0) { text += String.fromCodePoint(code); continue; }
        if (this.#fatal) throw new TypeError('the bytes are not UTF-8');
        text += '\\ufffd';
      }
      return text;
    }
  });
})();
`;
