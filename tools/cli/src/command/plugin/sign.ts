import { dirname, join, resolve } from 'node:path';
import { keyOptions, readPrivateKey } from '../../artifact/private-key.ts';
import { readDescriptorFile } from '../../artifact/read-descriptor-file.ts';
import { signComponent } from '../../artifact/sign-component.ts';
import { requireFresh } from '../../build/build-stamp.ts';
import { defineCommand } from '../../command.ts';
import { readIfThere, readInput } from '../../read-input.ts';
import { replaceFile } from '../../write-file.ts';

export const command = defineCommand({
  summary: 'sign a component and write the signature next to it, as FILE.wasm.sig',
  about: `The signature is the raw 64 bytes of Ed25519 over the exact bytes of the file. If the component has no descriptor,
the plugin.json next to it is embedded first; if it has a different one, it is refused.`,
  arguments: { 'FILE.wasm': { says: 'the component' } },
  options: {
    ...keyOptions,
    force: { says: 'sign it even if its sources have changed since it was built' },
    descriptor: { value: 'FILE', says: 'the descriptor (default: plugin.json next to the component, if it exists)' },
  },
  example: 'sallyport plugin sign --key signing-key.pem redact_emails.wasm',
  async run({ options, args: { 'FILE.wasm': component } }, on) {
    const bytes = await readInput(component);
    if (!options.force) await requireFresh(component, bytes);
    const beside = join(dirname(resolve(component)), 'plugin.json');
    const stated = options.descriptor ?? ((await readIfThere(beside)) ? beside : undefined);
    const descriptor = stated === undefined ? undefined : await readDescriptorFile(stated);
    const privateKey = await readPrivateKey(options, on);
    const signed = signComponent({ bytes, privateKey, ...(descriptor && { descriptor }) });
    if (signed.embedded) {
      on.terminal.say(`${component} had no descriptor: embedded ${stated}`);
      await replaceFile(component, signed.bytes);
    }
    const signature = `${component}.sig`;
    await replaceFile(signature, signed.signature);
    const { keyId, embedded } = signed;
    return {
      json: { component, signature, key_id: keyId, embedded },
      text: `component: ${component}\nsignature: ${signature}\nkey_id: ${keyId}`,
    };
  },
});
