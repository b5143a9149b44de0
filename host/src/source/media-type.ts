/** Media types of the OCI image spec, of docker's own manifests, and of WebAssembly artifacts. */
export const mediaType = {
  imageManifest: 'application/vnd.oci.image.manifest.v1+json',
  imageIndex: 'application/vnd.oci.image.index.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  /** CNCF Wasm OCI artifact, § Config. */
  wasmConfig: 'application/vnd.wasm.config.v0+json',
  /** CNCF Wasm OCI artifact, § Layer. */
  wasm: 'application/wasm',
  /** OCI image spec, § Guidance for an Empty Descriptor. */
  empty: 'application/vnd.oci.empty.v1+json',
  /** An Ed25519 signature over the layer of the subject: 64 raw bytes. */
  signature: 'application/vnd.sallyport.signature.v1',
  /** A sigstore bundle, as JSON: what cosign attaches. */
  sigstoreBundle: 'application/vnd.dev.sigstore.bundle.v0.3+json',
} as const;

const wasmLayers: ReadonlySet<string> = new Set([
  mediaType.wasm,
  // What tools wrote before there was a specification.
  'application/vnd.wasm.content.layer.v1+wasm',
  'application/vnd.bytecodealliance.wasm.component.layer.v0+wasm',
]);
const indexes: ReadonlySet<string> = new Set([mediaType.imageIndex, mediaType.dockerList]);
const manifests: ReadonlySet<string> = new Set([mediaType.imageManifest, mediaType.dockerManifest, ...indexes]);

export const isWasmLayer = (type: string): boolean => wasmLayers.has(type);
export const isIndex = (type: string): boolean => indexes.has(type);
/** Whether content of this type is under `/manifests/` of a registry, and not under `/blobs/`. */
export const isManifest = (type: string): boolean => manifests.has(type);

/** What we accept as a manifest. Some registries answer 404 to a request that does not name the type they hold. */
export const acceptManifest = [...manifests].join(', ');
