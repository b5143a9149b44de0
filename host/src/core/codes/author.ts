import type { CodeFamily } from './code.ts';

/** The author's tools and the development registry, which live in tools/ and throw these codes. */
export const authorCodes = {
  registry_not_loopback: {
    exit: 2,
    says: 'The development registry has no login, so it listens only on addresses of this machine.',
    todo: 'Use 127.0.0.1, [::1] or localhost. To serve other machines, run a registry with a login.',
  },
  file_exists: {
    exit: 2,
    says: 'The file already exists and was not overwritten.',
    todo: 'Choose another file name, or move the existing file away.',
  },
  private_key_invalid: {
    exit: 2,
    says: 'The file is not an Ed25519 private key.',
    todo: 'Provide a PKCS#8 PEM, as written by `sallyport keygen` or `openssl genpkey -algorithm ed25519`.',
  },
  passphrase_refused: {
    exit: 2,
    says: 'The private key is encrypted, and its passphrase is missing or wrong.',
    todo: 'Name a file whose first line is the passphrase with `--passphrase-file`, or run the command in a terminal.',
  },
  zip_refused: {
    exit: 4,
    says: "The file is not a plugin's zip, which contains only the component, its signature and plugin.json.",
    todo: 'Make the zip with `sallyport plugin pack`. Do not use one of unknown origin.',
  },
  file_unwritable: {
    exit: 1,
    says: 'The file cannot be written.',
    todo: 'Check that its folder exists, that you have write permission, and that the disk has free space.',
  },
  plugin_build_failed: {
    exit: 1,
    says: 'The plugin could not be built.',
    todo: 'Fix the reported error in the source or in plugin.json.',
  },
  cases_invalid: {
    exit: 2,
    says: 'The test cases are invalid or cannot be read.',
    todo: 'Fix the file as reported. See "Test it" in docs/plugin-guide.md.',
  },
  toolchain_missing: {
    exit: 1,
    says: 'The toolchain for plugins in this language is not installed.',
    todo: 'Install the reported program, then build again.',
  },
} as const satisfies CodeFamily;
