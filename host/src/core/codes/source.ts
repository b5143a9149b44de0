import type { CodeFamily } from './code.ts';

/** Errors of plugin sources: registries, image layouts, files, and the cache. */
export const sourceCodes = {
  reference_invalid: {
    exit: 3,
    says: 'The reference does not name an artifact in a registry.',
    todo: 'Write registry/repository:tag, for example ghcr.io/acme/redact-emails:0.1.0.',
  },
  artifact_not_found: {
    exit: 4,
    says: 'The artifact does not exist.',
    todo: 'Check registry, repository, tag or path. Private repositories look missing when you are not logged in.',
  },
  artifact_too_large: {
    exit: 4,
    says: 'The artifact exceeds the maximum size of a plugin.',
    todo: 'Use a smaller build of the plugin.',
  },
  digest_mismatch: {
    exit: 4,
    says: 'The content does not match its digest.',
    todo: "Do not use it. Fetch it again; if it happens again, report it to the registry's operator.",
  },
  size_mismatch: {
    exit: 4,
    says: 'The content does not have the size that its descriptor states.',
    todo: "Fetch it again; if it happens again, report it to the registry's operator.",
  },
  manifest_too_large: {
    exit: 4,
    says: 'The manifest is larger than 4 MiB.',
    todo: 'Check the reference: no plugin has a manifest of this size.',
  },
  manifest_invalid: {
    exit: 4,
    says: 'The manifest is not the manifest of a plugin.',
    todo: 'Check the reference. Push plugins with `sallyport plugin push` or `wkg oci push`.',
  },
  layer_count: {
    exit: 4,
    says: 'The manifest must have exactly one layer, the component.',
    todo: 'Push the plugin again as an artifact of its own, with one layer.',
  },
  platform_ambiguous: {
    exit: 4,
    says: 'The reference names an index, and it is not clear which of its manifests is the plugin.',
    todo: 'Name the manifest by its digest: registry/repository@sha256:…',
  },
  layout_invalid: {
    exit: 4,
    says: 'The folder is not an OCI image layout with this plugin.',
    todo: 'Name a folder with oci-layout, index.json and blobs; append `:tag` if it holds several artifacts.',
  },
  file_unreadable: {
    exit: 4,
    says: 'The file cannot be read.',
    todo: 'Check that it is a regular file and that the gateway has permission to read it.',
  },
  cache_unusable: {
    exit: 4,
    says: 'The plugin cache cannot be read or written.',
    todo: 'Set `cache_dir` to a folder that only the gateway uses, on a disk with free space.',
  },
  registry_unreachable: {
    exit: 4,
    says: 'The registry does not respond.',
    todo: "Check the network and the registry's name, then try again.",
  },
  registry_tls: {
    exit: 4,
    says: 'The TLS certificate of the registry is not trusted.',
    todo: 'Add its authority with NODE_EXTRA_CA_CERTS. For a registry without TLS, set `plain_http: true` under `registries`.',
  },
  registry_denied: {
    exit: 4,
    says: 'The registry denied access.',
    todo: 'Log in with `sallyport login` or `docker login`, as a user with read access (or write access, to push).',
  },
  registry_answer: {
    exit: 4,
    says: 'The registry sent an unexpected response.',
    todo: 'Check that the reference names a registry that supports OCI artifacts.',
  },
  challenge_invalid: {
    exit: 4,
    says: 'The registry requires a login but does not say how to log in.',
    todo: 'Check that the reference names a registry; a proxy in between may have sent this response.',
  },
  token_realm_untrusted: {
    exit: 4,
    says: 'The registry asks for its credentials to be sent to another host.',
    todo: 'If that host belongs to the registry, add it to `token_hosts` of the registry under `registries`.',
  },
  token_refused: {
    exit: 4,
    says: "The registry's token service did not issue a token.",
    todo: 'Log in again with `sallyport login`, and check the name of the repository.',
  },
  redirect_refused: {
    exit: 4,
    says: 'The registry redirects to a location that is not safe to follow.',
    todo: "Report it to the registry's operator: content must be served over https.",
  },
  referrer_lost: {
    exit: 4,
    says: 'The list of referrers was overwritten by other clients, and the new entry is missing from it.',
    todo: 'Attach it again when no other client is attaching to the same artifact.',
  },
  docker_config_invalid: {
    exit: 4,
    says: "Docker's config.json is invalid.",
    todo: 'Fix the file, or log in again with `sallyport login`.',
  },
  docker_config_unwritable: {
    exit: 1,
    says: "Docker's config.json cannot be written, so the login was not saved.",
    todo: 'Check your write permission for the file and its folder, or set `DOCKER_CONFIG` to another folder.',
  },
  credential_helper_failed: {
    exit: 4,
    says: "The credential helper named in Docker's config.json did not return credentials.",
    todo: 'Run the helper by hand to see why, or log in again with `sallyport login`.',
  },
} as const satisfies CodeFamily;
