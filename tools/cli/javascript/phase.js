/** The top level of a plugin runs at build time; `configure` and the hooks run in a gateway. */
let built = false;

export const isBuilt = () => built;

export const begin = () => {
  built = true;
};

/**
 * @param {string} what
 * @returns {never}
 */
export function refuseTopLevel(what) {
  throw new Error(
    `${what} is called at the top level of the module, which runs at build time: call it in configure or a hook`,
  );
}
