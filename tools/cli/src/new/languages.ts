import { componentizePyVersion } from '../build/find-python.ts';
import type { Toolchain } from '../build/toolchain.ts';

/** What an author of plugins in one language needs. */
export interface Language {
  /** What is told of it: in a question, and in the README of a new plugin. */
  readonly toolchain: string;
  /** Steps of GitHub Actions that install it, as lines of YAML without indent. */
  readonly setup: readonly string[];
  /** What of this repository a new plugin carries, as folder here to folder there: the plugin must be whole in itself. */
  readonly sdk: Readonly<Record<string, string>>;
}

/** The languages of `plugin new`; each has a folder of `template/`. */
export const languages: Readonly<Record<Toolchain['language'], Language>> = {
  rust: {
    toolchain: 'Rust, with its target for WebAssembly: `rustup target add wasm32-wasip2 wasm32-unknown-unknown`',
    setup: ['- run: rustup target add wasm32-wasip2 wasm32-unknown-unknown'],
    sdk: { 'sdk/rust': 'sallyport', wit: 'sallyport/wit' },
  },
  go: {
    toolchain: 'Go 1.24 or later, from https://go.dev/dl',
    setup: ['- uses: actions/setup-go@v5', '  with: { go-version: stable, cache: false }'],
    sdk: { 'sdk/go': 'sallyport' },
  },
  ts: { toolchain: 'what `sallyport` brings along', setup: [], sdk: { 'sdk/js': 'sallyport' } },
  js: { toolchain: 'what `sallyport` brings along', setup: [], sdk: { 'sdk/js': 'sallyport' } },
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
