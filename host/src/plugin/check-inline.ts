import type { Capability } from '../capability/capability.ts';
import type { PluginConfig } from '../config/config.ts';
import { fail } from '../core/fault.ts';
import { waitingCapabilities } from '../runtime/wasm/compile/compile.ts';
import type { InspectedComponent } from '../runtime/wasm/compile/inspect.ts';

/**
 * Checks that a plugin may run on the gateway's thread: the operator trusts its signer with it, and none of its
 * capabilities waits, because everything else would wait with it.
 * @throws Fault `inline_untrusted`, which contains the line to add; `inline_waits`
 */
export function checkInline(
  { source }: Pick<PluginConfig, 'source'>,
  { artifact: { signer }, imports }: Pick<InspectedComponent, 'artifact' | 'imports'>,
  capabilities: readonly Capability[],
): void {
  if (signer.by === 'nobody') fail('inline_untrusted', { hint: 'sign the plugin, and allow it for the key' });
  if (signer.by === 'trust' && signer.mayRunInline !== true) {
    const hint = `if you trust the key ${signer.id} with the process of the gateway, add this line to it in trust.keys:\ninline: true`;
    fail('inline_untrusted', { key: signer.id, keyId: signer.keyId, hint });
  }
  if (signer.by === 'source' && source.allow_inline !== true) {
    const hint = 'if you trust this key with the process of the gateway, add this line beside it:\nallow_inline: true';
    fail('inline_untrusted', { keyId: signer.keyId, hint });
  }
  const names = waitingCapabilities(imports, capabilities);
  if (names.length === 0) return;
  fail('inline_waits', { capabilities: names, hint: `leave out isolation: inline: calls of ${names.join(', ')} wait` });
}
