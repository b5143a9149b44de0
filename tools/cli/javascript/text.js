/** Implements TextEncoder and TextDecoder for UTF-8, which QuickJS lacks. */
import { provide } from './provide.js';

class Encoder {
  get encoding() {
    return 'utf-8';
  }

  encode(text = '') {
    /** @type {number[]} */
    const bytes = [];
    for (const character of String(text)) {
      const given = character.codePointAt(0) ?? 0;
      const code = given >= 0xd800 && given <= 0xdfff ? 0xfffd : given;
      if (code < 0x80) bytes.push(code);
      else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
      else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
      else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
    return Uint8Array.from(bytes);
  }
}

class Decoder {
  #fatal;

  constructor(label = 'utf-8', { fatal = false } = {}) {
    if (!/^(unicode-1-1-)?utf-?8$/i.test(label)) throw new RangeError(`TextDecoder knows UTF-8 alone, not ${label}`);
    this.#fatal = fatal;
  }

  get encoding() {
    return 'utf-8';
  }

  get fatal() {
    return this.#fatal;
  }

  /** @param {ArrayBuffer | ArrayBufferView} given */
  decode(given = new Uint8Array()) {
    const bytes =
      given instanceof ArrayBuffer
        ? new Uint8Array(given)
        : new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
    let text = '';
    let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    while (at < bytes.length) {
      const lead = bytes[at++] ?? 0;
      if (lead < 0x80) {
        text += String.fromCharCode(lead);
        continue;
      }
      const more =
        lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 0;
      let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
      let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
      let code = lead & (0x3f >> more);
      let left = more;
      for (let next = bytes[at]; left > 0 && next !== undefined && next >= low && next <= high; next = bytes[at]) {
        code = (code << 6) | (next & 63);
        at++;
        [low, high, left] = [0x80, 0xbf, left - 1];
      }
      if (more > 0 && left === 0) {
        text += String.fromCodePoint(code);
        continue;
      }
      if (this.#fatal) throw new TypeError('the bytes are not UTF-8');
      text += '\ufffd';
    }
    return text;
  }
}

provide('TextEncoder', class TextEncoder extends Encoder {});
provide('TextDecoder', class TextDecoder extends Decoder {});
