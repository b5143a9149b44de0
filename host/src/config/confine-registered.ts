import type { OverlaidDocument } from './overlaid-document.ts';
import type { RegistrationRules } from './section/registration.ts';
import type { UpstreamConfig } from './section/upstreams.ts';

/** Bounds the upstreams that were registered at run time to the addresses that the file allows them. */
export function confineRegistered(
  upstreams: readonly UpstreamConfig[],
  { registered }: Pick<OverlaidDocument, 'registered'>,
  { allow_private }: RegistrationRules,
): UpstreamConfig[] {
  const ids = new Set(registered.filter(({ list }) => list === 'upstreams').map(({ entry }) => entry.id));
  return upstreams.map(upstream => (ids.has(upstream.id) ? { ...upstream, confined: { allow_private } } : upstream));
}
