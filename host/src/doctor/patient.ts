import { dirname } from 'node:path';
import { Secrets } from '../capability/secret-store/secrets.ts';
import type { Config, PluginConfig, UpstreamConfig } from '../config/config.ts';
import type { ConfigWarning } from '../config/load-config.ts';
import { type Fault, toFaults } from '../core/fault.ts';
import { silentLog } from '../core/log.ts';
import { Metrics } from '../core/metrics.ts';
import { checkAll } from '../host/check-all.ts';
import { facilityOptions } from '../host/load-beside.ts';
import { type OpenUpstream, openUpstreams } from '../host/open-upstreams.ts';
import { PartPool } from '../host/reload/part-pool.ts';
import { anonymous } from '../identity/principal.ts';
import { honourLock } from '../lockfile/check-pins.ts';
import { lockfileOf, readLockfile } from '../lockfile/file.ts';
import type { Lockfile } from '../lockfile/lockfile.ts';
import type { Plugin } from '../plugin/plugin.ts';
import { createSource } from '../source/create-source.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Machine } from './machine.ts';

/** What a start would make of the plugins: either all of them, or why it is refused. */
export interface Loaded {
  readonly plugins: readonly Plugin[];
  readonly faults: readonly Fault[];
}

/** What a registry answered about the tag or digest of a plugin. */
export interface Resolved {
  readonly plugin: PluginConfig;
  readonly reference: string;
  readonly ms: number;
  readonly digest?: string;
  readonly fault?: Fault | undefined;
}

/** What an upstream answered. */
export interface Surveyed {
  readonly upstream: UpstreamConfig;
  readonly ms: number;
  /** The names of its tools; empty where it lists none without a caller. */
  readonly tools: readonly string[];
  readonly fault?: Fault | undefined;
}

export interface PatientOptions {
  readonly config: Config;
  /** The file of the configuration. */
  readonly file: string;
  readonly warnings: readonly ConfigWarning[];
  readonly machine: Machine;
  readonly isOffline: boolean;
  readonly signal: AbortSignal;
}

/** Pages of a list of tools that are read. */
const mostPages = 20;

/** A configuration with its surroundings. What several checks ask for is asked for once. */
export class Patient {
  readonly config: Config;
  readonly file: string;
  readonly warnings: readonly ConfigWarning[];
  readonly machine: Machine;
  readonly isOffline: boolean;
  readonly signal: AbortSignal;
  #lockfile: Promise<Lockfile | undefined> | undefined;
  #loaded: Promise<Loaded> | undefined;
  #resolved: Promise<readonly Resolved[]> | undefined;
  #surveyed: Promise<readonly Surveyed[]> | undefined;

  constructor({ config, file, warnings, machine, isOffline, signal }: PatientOptions) {
    this.config = config;
    this.file = file;
    this.warnings = warnings;
    this.machine = machine;
    this.isOffline = isOffline;
    this.signal = signal;
  }

  /** Whether loading the plugins and documents asks other machines. */
  get loadsFromElsewhere(): boolean {
    const { plugins, upstreams } = this.config;
    const isUrl = (document: unknown) => typeof document === 'string' && /^https?:/i.test(document);
    return (
      plugins.some(({ source }) => source.oci !== undefined) ||
      upstreams.some(({ openapi }) => openapi !== undefined && isUrl(openapi.document))
    );
  }

  /** Returns the secrets of the configuration, of which some may not be readable. */
  get secrets(): Secrets {
    const { secrets } = facilityOptions(this.config, silentLog(), this.config.mask);
    return new Secrets(secrets, this.config.mask, this.machine.env);
  }

  /** Reads the lockfile; undefined without one. @throws Faults of `lockfile_unusable` */
  lockfile(): Promise<Lockfile | undefined> {
    this.#lockfile ??= readLockfile(lockfileOf(this.file));
    return this.#lockfile;
  }

  /** Loads and checks everything as a start does. */
  loaded(): Promise<Loaded> {
    this.#loaded ??= this.#load();
    return this.#loaded;
  }

  /** Asks registries what the references of plugins name now. */
  resolved(): Promise<readonly Resolved[]> {
    const fromRegistries = this.config.plugins.filter(({ source }) => source.oci !== undefined);
    this.#resolved ??= Promise.all(fromRegistries.map(plugin => this.#resolve(plugin)));
    return this.#resolved;
  }

  /** Connects to every upstream and lists its tools. Those at which each user has an account are left out. */
  surveyed(): Promise<readonly Surveyed[]> {
    const upstreams = this.config.upstreams.filter(({ auth }) => auth?.authorization_code === undefined);
    this.#surveyed ??= Promise.all(upstreams.map(upstream => this.#survey(upstream)));
    return this.#surveyed;
  }

  async #load(): Promise<Loaded> {
    try {
      const held = await this.lockfile();
      const lock = honourLock(
        { held, folder: dirname(lockfileOf(this.file)), config: this.file, allowDowngrade: false },
        { plugins: this.config.plugins, frozen: false, log: silentLog() },
      );
      return { plugins: await checkAll(this.config, silentLog(), lock, this.signal), faults: [] };
    } catch (error) {
      return { plugins: [], faults: toFaults(error) };
    }
  }

  async #resolve(plugin: PluginConfig): Promise<Resolved> {
    const { registries } = this.config;
    const reference = plugin.source.oci ?? '';
    const since = performance.now();
    try {
      const source = createSource(
        { oci: reference },
        {
          log: silentLog(),
          baseDir: dirname(this.file),
          plainHttp: registries.filter(each => each.plain_http).map(({ host }) => host),
          tokenHosts: registries
            .filter(({ host }) => reference.startsWith(`${host}/`))
            .flatMap(each => each.token_hosts),
          timeouts: { silenceMs: 8_000, attemptMs: 10_000, attempts: 1 },
        },
      );
      const { digest } = await source.resolve(this.signal);
      return { plugin, reference, ms: performance.now() - since, digest };
    } catch (error) {
      const fault = toFaults(error)[0]?.with({ plugin: plugin.id });
      return { plugin, reference, ms: performance.now() - since, fault };
    }
  }

  async #survey(upstream: UpstreamConfig): Promise<Surveyed> {
    const { secrets } = this;
    const since = performance.now();
    try {
      const one = { ...this.config, upstreams: [{ ...upstream, required: true }] };
      await using opened = await openUpstreams(one, {
        ...{ log: silentLog(), metrics: new Metrics(), signal: this.signal },
        ...{ secrets, federation: { release: async () => {} }, pool: new PartPool<OpenUpstream>() },
      });
      const ms = performance.now() - since;
      const [pool] = opened.pick([upstream.id]);
      await using client = pool?.for(anonymous).open();
      return { upstream, ms, tools: client === undefined ? [] : await toolsOf(client).catch(() => []) };
    } catch (error) {
      return { upstream, ms: performance.now() - since, tools: [], fault: toFaults(error)[0] };
    }
  }
}

/** Lists the names of the tools of an upstream. */
async function toolsOf(client: Upstream): Promise<readonly string[]> {
  const names: string[] = [];
  let cursor: unknown;
  for (let page = 0; page < mostPages; page += 1) {
    const { result } = await client.request('tools/list', cursor === undefined ? {} : { cursor: String(cursor) });
    const tools: unknown = result?.tools;
    if (!Array.isArray(tools)) break;
    for (const { name } of tools as { readonly name?: unknown }[]) names.push(String(name));
    cursor = result?.nextCursor;
    if (typeof cursor !== 'string') break;
  }
  return names;
}
