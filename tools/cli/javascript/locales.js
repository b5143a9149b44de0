/**
 * The engine knows no languages (there is no `Intl`). It would take a locale and answer as if none had been given: the
 * functions that take one refuse it instead.
 */

/**
 * @param {object} prototype
 * @param {string} name
 * @param {number} first where locales stand among the arguments
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
        `${name} was given ${JSON.stringify(given)}, and a plugin has no Intl: see "What JavaScript has" in the plugin guide`,
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
/** The languages whose letters have other capitals. @param {unknown} locale */
const hasOwnCase = locale => /^(az|lt|tr)\b/i.test(String(locale));
for (const name of ['toLocaleUpperCase', 'toLocaleLowerCase']) refuseLocales(String.prototype, name, 0, hasOwnCase);
