/**
 * Makes functions refuse a locale. The engine has no `Intl` and would ignore the argument.
 */

/**
 * @param {object} prototype
 * @param {string} name
 * @param {number} first the index of the locales argument
 * @param {(locale: unknown) => boolean} [matters]
 */
function refuseLocales(prototype, name, first, matters = () => true) {
  const real = /** @type {Readonly<Record<string, Function>>} */ (prototype)[name];
  if (real === undefined) return;
  /** @this {unknown} @param {unknown[]} values */
  function withoutLocales(...values) {
    const given = values.slice(first).find(value => value !== undefined);
    if (given !== undefined && matters(given)) {
      throw new RangeError(
        `${name} was called with the locale ${JSON.stringify(given)}, but a plugin has no Intl: see "What JavaScript has" in the plugin guide`,
      );
    }
    return Reflect.apply(/** @type {Function} */ (real), this, values);
  }
  Object.defineProperty(withoutLocales, 'name', { value: name });
  Object.defineProperty(prototype, name, { value: withoutLocales, writable: true, configurable: true });
}

for (const name of ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString'])
  refuseLocales(Date.prototype, name, 0);
for (const { prototype } of [Number, BigInt, Array, Object.getPrototypeOf(Uint8Array)]) {
  refuseLocales(prototype, 'toLocaleString', 0);
}
refuseLocales(String.prototype, 'localeCompare', 1);
/** Whether a language has its own rules for upper and lower case. @param {unknown} locale */
const hasOwnCase = locale => /^(az|lt|tr)\b/i.test(String(locale));
for (const name of ['toLocaleUpperCase', 'toLocaleLowerCase']) refuseLocales(String.prototype, name, 0, hasOwnCase);
