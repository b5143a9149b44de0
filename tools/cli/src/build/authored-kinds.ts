/** The kinds of plugins that `plugin new` creates. The SDKs of Go and Python have no identity plugins. */
export const authoredKinds = ['transform', 'policy', 'identity'] as const;

export type AuthoredKind = (typeof authoredKinds)[number];

/** Returns the build tag with which the SDK for Go exports the functions of a kind. */
export const goTag = (kind: string): string => `sallyport_${kind}`;
