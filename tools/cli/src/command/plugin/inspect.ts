import type { PluginDescriptor } from '@sallyport/host/contract';
import { oneLine, toFaults } from '@sallyport/host/core';
import { checkContract } from '@sallyport/host/plugin';
import { componentInfo, componentTypes, readDescriptor } from '@sallyport/host/wasm';
import { type Anatomy, anatomyOf } from '../../artifact/anatomy.ts';
import { formatParts } from '../../artifact/format-parts.ts';
import { artifactAt, type Judged, judgeAll, readTrust, trustOptions } from '../../artifact/judge.ts';
import { clientOptions, placeOf, registryOptions } from '../../artifact/place.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'show the contents of a plugin, what it asks for, and who signed it',
  about: 'The plugin is not run. With --key or --config, each signature is verified.',
  arguments: { PLUGIN: { says: 'X.wasm, X.zip, ./layout:tag, or registry/repository:tag' } },
  options: { ...trustOptions, ...registryOptions },
  example: 'sallyport plugin inspect redact_emails.wasm --key signing-key.pub.pem',
  async run({ options, args: { PLUGIN: word } }, { env, signal }) {
    const trust = await readTrust(options);
    const artifact = await artifactAt(await placeOf(word), clientOptions(options, env), signal);
    const { bytes, digest, origin } = artifact;
    const descriptor = readDescriptor(bytes);
    const { imports, exports } = componentInfo(bytes);
    const look: Look = {
      reference: origin.reference,
      digest,
      ...(origin.manifest && { manifest: origin.manifest }),
      bytes: bytes.length,
      ...(descriptor && { descriptor }),
      imports: imports.toSorted(),
      exports: exports.toSorted(),
      ...(descriptor && { differences: differencesOf(descriptor, bytes) }),
      ...anatomyOf(bytes),
      signatures: await judgeAll(artifact, trust),
    };
    return { json: look, text: formatLook(look) };
  },
});

interface Look extends Anatomy {
  readonly reference: string;
  readonly digest: string;
  readonly manifest?: string;
  readonly bytes: number;
  readonly descriptor?: PluginDescriptor;
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  /** How it differs from the contract that its descriptor names; absent if it has no descriptor. */
  readonly differences?: readonly string[];
  readonly signatures: readonly Judged[];
}

function formatLook(look: Look): string {
  const { descriptor, manifest } = look;
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [`${title}: none`] : [`${title}:`, ...lines.map(line => `  ${line}`)];
  return [
    descriptor
      ? `plugin: ${descriptor.id} ${descriptor.version}, ${descriptor.kind}`
      : 'plugin: no descriptor embedded',
    ...(descriptor?.description ? [`description: ${oneLine(descriptor.description)}`] : []),
    `digest: ${look.digest}`,
    ...(manifest === undefined ? [] : [`manifest: ${manifest}`]),
    ...(descriptor
      ? [
          `hooks: ${descriptor.hooks.join(', ') || 'none'}`,
          `requires: ${descriptor.required_capabilities.join(', ') || 'nothing'}`,
          `optional: ${descriptor.optional_capabilities.join(', ') || 'nothing'}`,
          `config: ${descriptor.config_schema ? JSON.stringify(descriptor.config_schema) : 'no schema'}`,
        ]
      : []),
    ...section('imports', look.imports.map(oneLine)),
    ...section('exports', look.exports.map(oneLine)),
    ...(look.differences ? section('differs from the contract', look.differences.map(oneLine)) : []),
    ...formatParts(look.bytes, look.parts),
    ...section(
      'producers',
      look.producers.map(({ field, name, version }) => `${field}: ${name} ${version}`),
    ),
    ...section('signatures', look.signatures.map(formatSignature)),
  ].join('\n');
}

/** Returns the faults for which a gateway would refuse it, before anything is granted. */
function differencesOf(descriptor: PluginDescriptor, bytes: Uint8Array): readonly string[] {
  try {
    checkContract(descriptor, { ...componentInfo(bytes), types: componentTypes(bytes) });
    return [];
  } catch (error) {
    return toFaults(error).map(({ message }) => message);
  }
}

const formatSignature = ({ key_id, found, verdict }: Judged): string =>
  `${key_id === undefined ? 'key not named' : `key ${oneLine(key_id)}`}, ${found}${verdict === undefined ? '' : `: ${verdict}`}`;
