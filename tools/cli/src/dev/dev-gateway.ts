import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHost, type Host, type Watch } from '@sallyport/host';
import type { Config } from '@sallyport/host/config';
import type { PluginDescriptor } from '@sallyport/host/contract';
import { createLog } from '@sallyport/host/log';
import { signBytes } from '../artifact/sign-component.ts';
import { devConfig, devListen } from './dev-config.ts';
import { startEchoUpstream } from './echo-upstream.ts';

export interface DevGatewayOptions {
  /** The author's configuration. */
  readonly config: string | undefined;
  /** Overrides the configured port; 0 picks a free one. */
  readonly port: number | undefined;
  readonly watch: Watch;
  /** Aborts a start. */
  readonly signal?: AbortSignal;
  /** Receives the lines of the gateway's log. */
  readonly hear: (line: string) => void;
}

/** A gateway whose plugin can be replaced while it serves. Disposing waits for running requests. */
export interface DevGateway extends AsyncDisposable {
  /**
   * Serves this build; the first call starts the gateway. Running requests finish with the previous build.
   * @throws Faults; the previous build is then still served
   */
  serve(build: DevBuild): Promise<{ readonly url: string }>;
}

interface DevBuild {
  readonly bytes: Uint8Array;
  readonly descriptor: PluginDescriptor;
}

/**
 * Creates a development gateway that does not serve yet. Builds are signed with a key of this session that exists only
 * in memory and is trusted only for this plugin, so signatures are checked as everywhere.
 */
export async function createDevGateway(options: DevGatewayOptions): Promise<DevGateway> {
  const { config: file, port, watch, signal, hear } = options;
  await using opened = new AsyncDisposableStack();
  const scratch = await mkdtemp(join(tmpdir(), 'sallyport-dev-'));
  opened.defer(() => rm(scratch, { recursive: true, force: true }));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const component = join(scratch, 'plugin.wasm');
  const upstream = opened.use(await startEchoUpstream());
  const place = { file, scratch, upstreamUrl: upstream.url };
  const log = createLog('debug', { write: hear });
  let serving: { readonly host: Host; readonly url: string } | undefined;
  const stack = opened.move();

  async function open(config: Config) {
    await using opening = new AsyncDisposableStack();
    const host = opening.use(await createHost(config, { log, signal, watch }));
    const { url } = await host.server.listen(devListen(config, port));
    opening.defer(() => host.server.drain(config.limits.drain_ms));
    stack.use(opening.move());
    return { host, url };
  }

  return {
    async serve({ bytes, descriptor }) {
      await writeFile(component, bytes);
      await writeFile(`${component}.sig`, signBytes(bytes, privateKey).signature);
      const config = await devConfig(place, { descriptor, component, publicKeyPem });
      if (serving === undefined) serving = await open(config);
      else await serving.host.replacePlugins(config.plugins);
      return { url: serving.url };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
