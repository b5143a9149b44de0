/** The kinds of plugins that `plugin new` creates and the SDKs export. */
export const authoredKinds = ['transform', 'policy', 'identity', 'federation'] as const;

export type AuthoredKind = (typeof authoredKinds)[number];

/** Returns the build tag with which the SDK for Go exports the functions of a kind. */
export const goTag = (kind: string): string => `sallyport_${kind}`;
