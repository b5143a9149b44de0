/**
 * @param {string} name
 * @param {unknown} value
 */
export const provide = (name, value) => {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
};
