import { LimitExceeded } from '../../../capability/lane/lane-side.ts';

/** The fuel of one instance of a plugin: what its code may still use in the call that it runs. */
export class Fuel {
  readonly #limit: bigint;
  readonly #counter: WebAssembly.Global;
  readonly #imports: WebAssembly.Imports;

  /**
   * @param units that one call may use
   * @param name of the counter in the imports of each core module that was rewritten
   */
  constructor(units: number, name: { readonly module: string; readonly name: string }) {
    this.#limit = BigInt(units);
    this.#counter = new WebAssembly.Global({ value: 'i64', mutable: true }, this.#limit);
    this.#imports = { [name.module]: { [name.name]: this.#counter } };
  }

  /** Returns the imports of a core module with the counter, which all modules of the instance share. */
  added(imports: WebAssembly.Imports): WebAssembly.Imports {
    return { ...imports, ...this.#imports };
  }

  refill(): void {
    this.#counter.value = this.#limit;
  }

  /** The units that were used since the last refill. */
  get used(): number {
    return Number(this.#limit - this.#counter.value);
  }

  /** Throws what a call threw, or the reason for it if its fuel was used up. @throws LimitExceeded */
  explain(thrown: unknown): never {
    const left = this.#counter.value;
    if (left >= 0n) throw thrown;
    throw new LimitExceeded(`it used ${-left} units of fuel more than the ${this.#limit} allowed (limits.fuel)`);
  }
}
