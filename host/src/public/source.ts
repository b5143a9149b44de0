/** Where artifacts come from and go to: references, registries, image layouts, files, logins. */

export { contentSource, defaultArtifactLimit } from '../source/content.ts';
export type { ContentStore } from '../source/content-store.ts';
export { copyArtifact } from '../source/copy.ts';
export { createSource } from '../source/create-source.ts';
export { type Descriptor, describe, descriptorSchema } from '../source/descriptor.ts';
export { fileSource } from '../source/file.ts';
export { blobFile } from '../source/layout/blob-folder.ts';
export { type ImageLayout, openImageLayout } from '../source/layout/image-layout.ts';
export { layoutContent, parseLayoutReference } from '../source/layout/oci-layout.ts';
export { manifestLimit } from '../source/manifest.ts';
export { isManifest, mediaType } from '../source/media-type.ts';
export { createOciClient, type OciClientOptions } from '../source/oci/client.ts';
export { dockerConfigFile, dockerCredentials } from '../source/oci/find-login.ts';
export { pushPlugin } from '../source/oci/push.ts';
export { registryContent } from '../source/oci/registry.ts';
export type { Moved } from '../source/oci/repository.ts';
export { checkLogin, eraseLogin, storeLogin } from '../source/oci/save-login.ts';
export { buildPluginManifest } from '../source/plugin-manifest.ts';
export { readBounded } from '../source/read-verified-body.ts';
export { formatReference, parseReference } from '../source/reference.ts';
export { type Attachment, attachReferrer, isReferrersTag } from '../source/referrer.ts';
export { attachSignature } from '../source/signature-referrer.ts';
export { fetchArtifact, type Source } from '../source/source.ts';
