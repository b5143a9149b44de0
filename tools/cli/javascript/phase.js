/** The top level of a plugin runs while it is built; `configure` and the hooks run in a gateway. */
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
    `${what} is called at the top level of the module, which runs while the plugin is built: call it within configure or a hook`,
  );
}
