import type { Target } from './target.ts';

const load: Readonly<Record<string, () => Promise<Target>>> = {
  components: async () => (await import('./target/components.ts')).target,
  signatures: async () => (await import('./target/signatures.ts')).target,
  manifests: async () => (await import('./target/manifests.ts')).target,
  references: async () => (await import('./target/references.ts')).target,
  configs: async () => (await import('./target/configs.ts')).target,
  messages: async () => (await import('./target/messages.ts')).target,
};

/** All that there is to fuzz. */
export const targetNames: readonly string[] = Object.keys(load);

export function loadTarget(name: string): Promise<Target> {
  const found = load[name];
  if (found === undefined) throw new Error(`there is no target ${name}: there are ${targetNames.join(', ')}`);
  return found();
}
