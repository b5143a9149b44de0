import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { capabilities } from '@sallyport/host/capability';
import { type Config, loadConfig, parseListen, readConfig } from '@sallyport/host/config';
import { kinds, type PluginDescriptor } from '@sallyport/host/contract';
import { fail } from '@sallyport/host/core';

export interface DevPlugin {
  readonly descriptor: PluginDescriptor;
  /** The component, with its signature next to it. */
  readonly component: string;
  /** The session's public key, the only one trusted for this plugin. */
  readonly publicKeyPem: string;
}

export interface DevPlace {
  /** The author's own configuration. */
  readonly file: string | undefined;
  /** The folder for a generated configuration and the gateway's state. */
  readonly scratch: string;
  /** The URL of the echo upstream. */
  readonly upstreamUrl: string;
}

/**
 * Creates the configuration of a development gateway: the author's with the plugin's source replaced by the build, or
 * else a generated one with the plugin in front of an echo upstream.
 * @throws Faults as loadConfig does; Fault `usage` when the author's configuration does not use the plugin
 */
export async function devConfig({ file, ...own }: DevPlace, plugin: DevPlugin): Promise<Config> {
  const { descriptor, component, publicKeyPem } = plugin;
  const config = file === undefined ? await ownConfig(own, descriptor) : await readConfig(file);
  const { id } = descriptor;
  const { place = 'transforms' } = kinds[descriptor.kind];
  if (!isUsed(config, id, place)) {
    const where = wheres[place];
    const hint = `list ${id} under "plugins:" and ${where}`;
    return fail('usage', { ...(file !== undefined && { file }), what: `nothing uses the plugin ${id}`, hint });
  }
  // Digest and signature settings of the file are for another component than this build.
  const plugins = config.plugins.map(({ descriptor: stated, ...entry }) =>
    entry.id === id
      ? { ...entry, source: { file: component, public_key: publicKeyPem } }
      : { ...entry, ...(stated && { descriptor: stated }) },
  );
  return { ...config, plugins };
}

type Place = NonNullable<(typeof kinds)[keyof typeof kinds]['place']>;

const wheres: Readonly<Record<Place, string>> = {
  transforms: 'in the "transforms:" of a binding',
  policies: 'in the "policies:" of a binding',
  identity: 'in a scheme or the checks of "identity:"',
  federation: 'in "federation:"',
};

function isUsed({ bindings, identity, federation }: Config, id: string, place: Place): boolean {
  if (place === 'federation') return federation.includes(id);
  if (place !== 'identity') return bindings.some(binding => binding[place].includes(id));
  if (typeof identity !== 'object') return false;
  const { schemes, checks } = identity;
  return schemes.some(({ plugin }) => plugin?.id === id) || checks.some(({ plugin }) => plugin === id);
}

/** A development gateway listens on loopback only, whatever the author's file says. */
export const devListen = ({ listen }: Config, port: number | undefined) => ({
  host: '127.0.0.1',
  port: port ?? parseListen(listen)?.port ?? 0,
});

async function ownConfig({ scratch, upstreamUrl }: Omit<DevPlace, 'file'>, descriptor: PluginDescriptor) {
  const { id, kind, hooks, required_capabilities, optional_capabilities } = descriptor;
  const { place = 'transforms' } = kinds[kind];
  const asked = [...required_capabilities, ...optional_capabilities];
  // Capabilities that need a target in their grant are granted only by the author's own configuration.
  const granted = capabilities.filter(({ name, grant }) => asked.includes(name) && grant.safeParse({}).success);
  const file = join(scratch, 'sallyport.yaml');
  const config = {
    listen: `127.0.0.1:${defaultPort}`,
    cache_dir: './cache',
    kv: { store: 'memory' },
    limits: { lanes: 1 },
    upstreams: [{ id: 'echo', http: { url: upstreamUrl } }],
    ...usedAt(place, id, hooks),
    plugins: [
      { id, source: { file: './plugin.wasm' }, grants: Object.fromEntries(granted.map(({ name }) => [name, {}])) },
    ],
  };
  await writeFile(file, JSON.stringify(config));
  return loadConfig(file);
}

/** Returns the sections of a configuration that use the plugin. */
function usedAt(place: Place, id: string, hooks: readonly string[]) {
  const binding = { id: 'dev', upstreams: ['echo'] };
  if (place === 'identity') return { identity: identityOf(id, hooks), bindings: [{ ...binding, allow: everybody }] };
  if (place === 'federation') return { federation: [id], bindings: [binding] };
  return { bindings: [{ ...binding, [place]: [id] }] };
}

/** Returns an identity section that asks the plugin, and takes what it states. */
const identityOf = (id: string, hooks: readonly string[]) => ({
  anonymous: 'serve',
  schemes: [{ id: 'dev', plugin: { id, tenants: ['*'], scopes: ['*'], cache_seconds: 0 } }],
  ...(hooks.length > 0 && { checks: [{ plugin: id, tenants: ['*'] }] }),
});

const everybody = [{ schemes: ['dev', 'anonymous'] }];

const defaultPort = 8790;
