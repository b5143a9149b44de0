import type { Facilities } from '../capability/facilities.ts';
import type { OpenFacilities } from '../capability/open-facilities.ts';
import { openSecrets, type Secrets } from '../capability/secret-store/secrets.ts';
import type { Config, UpstreamConfig } from '../config/config.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { Faults, toFaults } from '../core/fault.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import type { Authentication } from '../http/step/authenticate.ts';
import { createClientAddress, peerAddress } from '../identity/client-address.ts';
import type { PluginCalls } from '../identity/plugin/plugin-calls.ts';
import type { Authenticate } from '../identity/scheme.ts';
import { VerificationBudget } from '../identity/verification-budget.ts';
import type { Lock } from '../lockfile/check-pins.ts';
import type { Plugin } from '../plugin/plugin.ts';
import type { ReadyThreads } from '../runtime/wasm/pool/ready-threads.ts';
import type { Federation, Joining } from './federation.ts';
import type { FederationPlugins } from './federation-list-check.ts';
import { bindingsWith, type Registrant } from './joining-server.ts';
import { facilityOptions } from './load-beside.ts';
import { holdAccounts, type OpenAccounts } from './open-accounts.ts';
import { type OpenScheme, openAuthentication } from './open-authentication.ts';
import type { OpenProvider } from './open-oauth.ts';
import { type OpenUpstream, openUpstreams, type Upstreams } from './open-upstreams.ts';
import { openPlugins, type PluginContext, type PluginGeneration } from './plugin-generation.ts';
import type { KnownPlugins } from './reload/known-plugins.ts';
import { PartPool } from './reload/part-pool.ts';

/** What all generations of one gateway share. */
export interface SharedParts extends Omit<PluginContext, 'limits' | 'settings' | 'facilities'> {
  readonly facilities: OpenFacilities;
  /** The ways of the embedding program to authenticate callers. */
  readonly schemes: readonly Authenticate[];
  /** Calls the plugins that authenticate callers now. */
  readonly identity: () => PluginCalls;
  readonly federation: Federation;
}

/** Everything that was opened for one configuration. Disposing closes what no other generation has. */
export interface Generation extends AsyncDisposable {
  readonly config: Config;
  readonly lock: Lock | undefined;
  readonly known: KnownPlugins;
  readonly secrets: Secrets;
  readonly plugins: PluginGeneration;
  readonly accounts: OpenAccounts | undefined;
  readonly upstreams: Upstreams;
  readonly authentication: Authentication;
  /** The plugins that decide about upstreams. */
  readonly federation: FederationPlugins;
  /** The upstreams that join with it. */
  readonly joining: readonly Joining[];
}

export interface GenerationOptions {
  readonly config: Config;
  readonly lock: Lock | undefined;
  readonly known: KnownPlugins;
  /** The plugins, which may still be loading. */
  readonly loading: Promise<readonly Plugin[]>;
  readonly signal: AbortSignal | undefined;
  /** Who registers the upstreams that are new. */
  readonly registrant: Registrant;
  /** Threads in which lanes start. */
  readonly threads?: ReadyThreads | undefined;
  /** The generation so far. What would be the same is taken over from it. */
  readonly before?: Generation | undefined;
}

/** Opens generations, and counts who has what of them. */
export class GenerationOpener {
  readonly #shared: SharedParts;
  readonly #upstreams = new PartPool<OpenUpstream>();
  readonly #accounts = new PartPool<OpenAccounts>();
  readonly #schemes = new PartPool<OpenScheme>();
  readonly #servers = new PartPool<OpenProvider>();
  readonly #budget = new VerificationBudget();

  constructor(shared: SharedParts) {
    this.#shared = shared;
  }

  /**
   * Opens everything that a configuration needs and that is not open yet.
   * @throws Faults: every problem; then nothing is left open that was not open before
   */
  async open(options: GenerationOptions): Promise<Generation> {
    const { config, lock, known, loading, before } = options;
    await using opened = new AsyncDisposableStack();
    const secrets = (async () => this.#secretsOf(config, before))();
    const facilities = secrets.then((all): Facilities => ({ ...this.#shared.facilities, secrets: all }));
    const opening = this.#openPlugins(options, facilities, opened);
    const [plugins, connected] = await Promise.allSettled([
      opening,
      this.#connect({ config, loading, signal: options.signal }, facilities, this.#admit(options, opening), opened),
    ]);
    loading.catch(() => {});
    if (plugins.status === 'rejected' || connected.status === 'rejected') {
      throw faultsOf([plugins, connected]);
    }
    const [read, stack] = [await secrets, opened.move()];
    const parts = { config, lock, known, secrets: read, plugins: plugins.value, ...connected.value };
    return closedBy(stack, { ...parts, federation: plugins.value.federationOf(config.federation) });
  }

  #secretsOf(config: Config, before: Generation | undefined): Secrets {
    const { facilities, log, mask } = this.#shared;
    const placesOf = (each: Config) => facilityOptions(each, log, mask).secrets;
    const places = placesOf(config);
    const known = before && canonicalJson(placesOf(before.config)) === canonicalJson(places);
    if (known) return before.secrets;
    return before === undefined ? facilities.secrets : openSecrets(places, mask);
  }

  async #openPlugins(
    { config, loading, threads, signal, before }: GenerationOptions,
    facilities: Promise<Facilities>,
    opened: AsyncDisposableStack,
  ): Promise<PluginGeneration> {
    const { limits, plugin_settings: settings, plugins: entries } = config;
    const plugins = await loading;
    const context = { ...this.#shared, facilities: await facilities, limits, settings };
    const opening = openPlugins({ entries, plugins, threads, before: before?.plugins }, context);
    return opened.use(await openUnlessAborted(opening, signal));
  }

  /** Asks the plugins of `federation` about the upstreams that join, before anything is sent to one. @throws Faults */
  async #admit(
    { config, before, signal, registrant }: GenerationOptions,
    opening: Promise<PluginGeneration>,
  ): Promise<readonly Joining[]> {
    const joining = joiningIn(config, before?.config);
    if (config.federation.length === 0) return joining;
    const plugins = await opening;
    const { federation } = this.#shared;
    await unlessAborted(federation.admit(joining, registrant, plugins.federationOf(config.federation)), signal);
    return joining;
  }

  /**
   * Opens what requests come from and go to. It does not get the generation so far: what it opens may outlive that, and
   * would keep it and all before it.
   */
  async #connect(
    { config, loading, signal }: Pick<GenerationOptions, 'config' | 'loading' | 'signal'>,
    shared: Promise<Facilities>,
    admitting: Promise<readonly Joining[]>,
    opened: AsyncDisposableStack,
  ): Promise<Pick<Generation, 'accounts' | 'upstreams' | 'authentication' | 'joining'>> {
    admitting.catch(() => {});
    const facilities = await shared;
    const { log, mask, schemes, identity, federation } = this.#shared;
    const { metrics, audit, secrets } = facilities;
    const addressOf = addressIn(config);
    const pluginOf = async (id: string) => (await loading.catch(() => [])).find(each => each.id === id)?.digest;
    const identityPlugins = config.plugins.filter(({ id }) => isIdentityPlugin(id, config));
    const digests = new Map(
      await Promise.all(identityPlugins.map(async ({ id }) => [id, await pluginOf(id)] as const)),
    );
    const authenticating = openAuthentication(config, schemes, {
      ...{ log, metrics, audit, secrets, addressOf, budget: this.#budget },
      ...{ schemes: this.#schemes, servers: this.#servers },
      plugins: { calls: identity, mask, addressOf },
      pluginKey: id => [digests.get(id), identityPlugins.find(each => each.id === id)?.config],
    });
    const connecting = (async () => {
      const held = await holdAccounts(config, { log, metrics, secrets, audit }, this.#accounts);
      const accounts = held && opened.use(held).part;
      const joining = await admitting;
      const upstreams = await openUpstreams(config, {
        ...{ log, metrics, signal, accounts, secrets, federation, pool: this.#upstreams },
      });
      return { accounts, upstreams: opened.use(upstreams), joining };
    })();
    const [authentication, connected] = await Promise.allSettled([
      authenticating.then(each => opened.use(each)),
      connecting,
    ]);
    if (authentication.status === 'rejected' || connected.status === 'rejected') {
      throw faultsOf([authentication, connected]);
    }
    return { ...connected.value, authentication: authentication.value };
  }
}

/**
 * Returns parts that are closed with a stack. A closure made where the earlier generation is known would keep it, and so
 * all before it.
 */
const closedBy = <T extends object>(stack: AsyncDisposableStack, parts: T): T & AsyncDisposable => ({
  ...parts,
  [Symbol.asyncDispose]: () => stack.disposeAsync(),
});

/** Lists the upstreams that are new in a configuration, or that are different or elsewhere. */
function joiningIn({ upstreams, bindings }: Config, before: Config | undefined): readonly Joining[] {
  const joiningOf = (entry: UpstreamConfig, of: Config['bindings']) => ({
    entry,
    bindings: bindingsWith(entry.id, of),
  });
  const known = new Set(before?.upstreams.map(entry => canonicalJson(joiningOf(entry, before.bindings))));
  return upstreams.map(entry => joiningOf(entry, bindings)).filter(joining => !known.has(canonicalJson(joining)));
}

/** Returns how the addresses of clients are found. */
export const addressIn = ({ trusted_proxies: proxies }: Config) =>
  proxies ? createClientAddress(proxies) : peerAddress;

const isIdentityPlugin = (id: string, { identity }: Config): boolean =>
  typeof identity === 'object' && identity.schemes.some(({ plugin }) => plugin?.id === id);

/** Returns the faults of everything that failed, each once. */
const faultsOf = (results: readonly PromiseSettledResult<unknown>[]): Faults =>
  new Faults([...new Set(results.flatMap(each => (each.status === 'rejected' ? toFaults(each.reason) : [])))]);

/** Waits for what opens, unless the signal aborts first: then it is closed as soon as it is open. */
async function openUnlessAborted<T extends AsyncDisposable>(opening: Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await unlessAborted(opening, signal);
  } catch (error) {
    if (signal?.aborted) opening.then(opened => opened[Symbol.asyncDispose]()).catch(() => {});
    throw error;
  }
}
