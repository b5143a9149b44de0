import type { AuthoredKind } from '../build/authored-kinds.ts';

/** What differs between the templates of two kinds, beside their own files. */
export interface TemplateKind {
  /** What the plugin does, in one sentence. */
  readonly description: string;
  /** What a crate adds to its dependency on the SDK for Rust. */
  readonly features: string;
}

/** The kinds of `plugin new`; each has a folder in `template/`. */
export const templateKinds: Readonly<Record<AuthoredKind, TemplateKind>> = {
  transform: { description: 'Replaces a word in the text of tool results.', features: '' },
  policy: {
    description: 'Requires a scope for tools whose names begin with a prefix.',
    features: ', default-features = false, features = ["policy"]',
  },
};
