import type { Toolchain } from '../build/toolchain.ts';

/** What an author of plugins in one language needs. */
export interface Language {
  /** What is told of it: in a question, and in the README of a new plugin. */
  readonly toolchain: string;
  /** Steps of GitHub Actions that install it, as lines of YAML without indent. */
  readonly setup: readonly string[];
}

/** The languages of `plugin new`; each has a folder of `template/`. */
export const languages: Readonly<Record<Toolchain['language'], Language>> = {
  rust: {
    toolchain: 'Rust, with its target for WebAssembly: `rustup target add wasm32-wasip2 wasm32-unknown-unknown`',
    setup: ['- run: rustup target add wasm32-wasip2 wasm32-unknown-unknown'],
  },
  go: {
    toolchain: 'Go, from https://go.dev/dl',
    setup: ['- uses: actions/setup-go@v5', '  with: { go-version: stable, cache: false }'],
  },
  ts: { toolchain: 'what `sallyport` brings along', setup: [] },
  js: { toolchain: 'what `sallyport` brings along', setup: [] },
};
