import type { AuthoredKind } from '../build/authored-kinds.ts';

/** What differs between the templates of two kinds, beside their own files. */
export interface TemplateKind {
  /** What the plugin does, in one sentence. */
  readonly description: string;
  /** What a crate adds to its dependency on the SDK for Rust. */
  readonly features: string;
}

/** Returns what a crate adds to its dependency on the SDK for another kind than the default one. */
const feature = (kind: AuthoredKind) => `, default-features = false, features = ["${kind}"]`;

/** The kinds of `plugin new`; each has a folder in `template/`. */
export const templateKinds: Readonly<Record<AuthoredKind, TemplateKind>> = {
  transform: { description: 'Replaces a word in the text of tool results.', features: '' },
  policy: {
    description: 'Requires a scope for tools whose names begin with a prefix.',
    features: feature('policy'),
  },
  identity: {
    description: 'Identifies a service by its key, which is a secret of the gateway.',
    features: feature('identity'),
  },
  federation: {
    description: 'Lets only upstreams at known origins join, and hides tools by their names.',
    features: feature('federation'),
  },
};
