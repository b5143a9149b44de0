/**
 * Reads the operator's configuration, a JSON object, over `defaults`. If plugin.json declares `config_schema`, no further
 * checks are needed, because the gateway has done them.
 * @throws Error when a member has a different type than its default
 */
export function readConfig<Config extends object>(json: string, defaults: Config): Config {
  const given: unknown = JSON.parse(json);
  if (kindOf(given) !== 'an object') throw new Error('the configuration must be an object');
  const config = { ...defaults, ...(given as Partial<Config>) };
  for (const [name, value] of Object.entries(defaults)) {
    const kind = kindOf(value);
    if (kindOf(config[name as keyof Config]) !== kind) throw new Error(`${name} must be ${kind}`);
  }
  return config;
}

const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};

/** What plugins of all kinds may have beside their own functions. */
export interface Configurable<Config> {
  /** Defaults for the operator's configuration, see {@link readConfig}. */
  readonly defaults?: Config;
  /** Called once per instance. An exception refuses the configuration; the gateway then does not start. */
  configure?(config: Config): void;
}

/** Returns the interface `lifecycle` of a plugin, and a function that returns the configuration of the instance. */
export function configured<Config extends object>(plugin: Configurable<Config>) {
  const defaults = plugin.defaults ?? ({} as Config);
  let config = defaults;
  const lifecycle = {
    configure(json: string): void {
      config = readConfig(json, defaults);
      plugin.configure?.(config);
    },
  };
  return { lifecycle, config: (): Config => config };
}
