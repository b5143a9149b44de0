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
