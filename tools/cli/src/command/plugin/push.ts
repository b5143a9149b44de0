import type { PluginDescriptor } from '@sallyport/host/contract';
import { fail } from '@sallyport/host/core';
import { parseReference } from '@sallyport/host/source';
import { blobProgress } from '../../artifact/blob-progress.ts';
import { clientOptions, registryOptions } from '../../artifact/place.ts';
import { publicKeyOption, readFiles } from '../../artifact/plugin-files.ts';
import { pushComponent } from '../../artifact/push-component.ts';
import { requireFresh } from '../../build/build-stamp.ts';
import { defineCommand } from '../../command.ts';
import { readInput } from '../../read-input.ts';

export const command = defineCommand({
  summary: 'push a signed component, or a zip from plugin pack, to a registry',
  about: `The signature of a component is read from FILE.wasm.sig next to it. A plugin.json that differs from the signed
descriptor is refused before anything is sent, and so is a tag like 1.2.3 or v1.2.3 that is not the plugin's version.
Uses the logins of sallyport login, docker, podman and skopeo.`,
  arguments: { FILE: { says: 'X.zip, or X.wasm' } },
  options: {
    tag: { value: 'REFERENCE', required: true, says: 'the destination: registry/repository:tag' },
    ...publicKeyOption,
    force: { says: 'push it even if its tag or its sources do not match' },
    ...registryOptions,
  },
  example: 'sallyport plugin push --tag ghcr.io/acme/redact-emails:0.1.0 redact-emails-0.1.0.zip',
  async run({ options, args: { FILE: file } }, { terminal, env, signal }) {
    const { tag: reference, key } = options;
    const { component, signature, signed } = await readFiles(file, key);
    if (!options.force) {
      requireVersion(reference, signed);
      if (!file.endsWith('.zip')) await requireFresh(file, component);
    }
    if (key === undefined)
      terminal.say('the signature was not checked; use --key KEY.pub.pem to check it before the push');
    using progress = blobProgress(terminal, 'push');
    const publicKeyPem = key === undefined ? undefined : (await readInput(key)).toString('utf8');
    const digest = await pushComponent(
      { component, signature, publicKeyPem, reference, ...clientOptions(options, env, progress.moved) },
      signal,
    );
    const { id, version } = signed;
    return {
      json: { plugin: id, version, reference, digest },
      text: `plugin: ${id} ${version}\nreference: ${reference}\ndigest: ${digest}`,
    };
  },
});

/** Checks that a tag that looks like a version is the plugin's; `latest`, `1` or `edge` pass. @throws Fault `version_mismatch` */
function requireVersion(reference: string, { id: plugin, version }: PluginDescriptor): void {
  const { tag = '' } = parseReference(reference);
  const isVersion = /^v?\d+\.\d+\.\d+/.test(tag);
  // A tag cannot have the plus sign of build metadata.
  const stated = tag.replace(/^v/, '');
  if (isVersion && stated !== version && !['_', '-'].some(sign => stated === version.replace('+', sign))) {
    fail('version_mismatch', { plugin, tag, version });
  }
}
