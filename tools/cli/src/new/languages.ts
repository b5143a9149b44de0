import { componentizePyVersion } from '../build/find-python.ts';
import type { Toolchain } from '../build/toolchain.ts';

/** What a plugin author needs for one language. */
export interface Language {
  /** The toolchain to install, named by `plugin new` and in the README of a new plugin. */
  readonly toolchain: string;
  /** GitHub Actions steps that install it, as unindented YAML lines. */
  readonly setup: readonly string[];
  /** Folders of this repository to copy into a new plugin, source to target, so that it is self-contained. */
  readonly sdk: Readonly<Record<string, string>>;
}

/** The languages of `plugin new`; each has a folder in `template/`. */
export const languages: Readonly<Record<Toolchain['language'], Language>> = {
  rust: {
    toolchain: 'Rust with its WebAssembly targets: `rustup target add wasm32-wasip2 wasm32-unknown-unknown`',
    setup: ['- run: rustup target add wasm32-wasip2 wasm32-unknown-unknown'],
    sdk: { 'sdk/rust': 'sallyport', wit: 'sallyport/wit' },
  },
  go: {
    toolchain: 'Go 1.24 or later, from https://go.dev/dl',
    setup: ['- uses: actions/setup-go@v5', '  with: { go-version: stable, cache: false }'],
    sdk: { 'sdk/go': 'sallyport' },
  },
  ts: { toolchain: 'nothing but `sallyport`', setup: [], sdk: { 'sdk/js': 'sallyport' } },
  js: { toolchain: 'nothing but `sallyport`', setup: [], sdk: { 'sdk/js': 'sallyport' } },
  python: {
    toolchain: `Python and componentize-py: \`pip install componentize-py==${componentizePyVersion}\``,
    setup: [
      '- uses: actions/setup-python@v6',
      "  with: { python-version: '3.14' }",
      `- run: pip install componentize-py==${componentizePyVersion}`,
    ],
    sdk: { 'sdk/python/sallyport': 'sallyport' },
  },
};
