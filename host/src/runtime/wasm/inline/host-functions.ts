import { ContractBroken, DeclaredError, type HostImports, LimitExceeded } from '../../../capability/lane/lane-side.ts';
import { Pollable } from '../../../capability/lane/pollable.ts';
import type { RealmImport, RealmSettings } from './realm-side.ts';
import { readSpecial, type Slots, writeSpecial } from './special-values.ts';

type HostFunction = (...given: readonly unknown[]) => unknown;
type Class = new () => object;

/** Resources that one instance may hold at a time. Each is an object on the gateway's heap. */
const maximumResources = 1024;

/**
 * The host functions of one instance, by number, as its realm calls them: with JSON, and for an answer in JSON. No
 * object of the gateway's realm goes into the other one. A resource goes there as the number of its class and its own.
 */
export class HostFunctions {
  /** The functions and classes as the realm makes them. */
  readonly described: RealmSettings['imports'];
  readonly #functions: HostFunction[] = [];
  readonly #classes = new Map<unknown, number>();
  readonly #resources = new Map<number, object>();
  readonly #slots: Slots;
  #lastResource = 0;

  /** @param slots take bytes from one realm to the other */
  constructor(imports: HostImports, slots: Slots) {
    this.#slots = slots;
    this.described = Object.entries(imports).map(([name, members]) => [
      name,
      Object.entries(members).map(([member, value]): RealmImport => [member, this.#add(member, value)]),
    ]);
  }

  /**
   * Calls a host function. The answer has a letter in front: `v` for a value, `V` for one with special values, `T` for a
   * text as it is, `e` for a declared error, `l` for a limit, `c` for a broken contract, `s` for a stack overflow, `x`
   * for anything else.
   */
  call(index: number, given: string): string {
    try {
      requireStack();
      return this.#answer(this.#functions[index]?.(...this.#read(given)));
    } catch (thrown) {
      return this.#failed(thrown);
    }
  }

  /** Calls a host function with one text or two, and answers like `call`. */
  callWith(index: number, first: string, second: string | undefined): string {
    try {
      requireStack();
      const run = this.#functions[index];
      return this.#answer(second === undefined ? run?.(first) : run?.(first, second));
    } catch (thrown) {
      return this.#failed(thrown);
    }
  }

  #failed(thrown: unknown): string {
    if (thrown instanceof DeclaredError) return `e${this.#write(thrown.payload).text}`;
    if (thrown instanceof LimitExceeded) return `l${thrown.message}`;
    if (thrown instanceof ContractBroken) return `c${thrown.message}`;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return `${thrown instanceof RangeError ? 's' : 'x'}${message}`;
  }

  #add(name: string, member: unknown): RealmImport[1] {
    if (!/^[A-Z]/.test(name))
      return this.#addFunction(
        member === Pollable.poll ? withoutWaiting(Pollable.poll as HostFunction) : (member as HostFunction),
      );
    const made = member as Class;
    const number = this.#addFunction((resource: unknown) => this.#drop(resource));
    this.#classes.set(made, number);
    const methods = Object.entries(Object.getOwnPropertyDescriptors(made.prototype))
      .filter(([method, { value }]) => method !== 'constructor' && typeof value === 'function')
      .map(([method, { value }]): readonly [string, number] => [
        method,
        this.#addFunction(value === Pollable.prototype.block ? withoutWaiting(methodOf(value)) : methodOf(value)),
      ]);
    return [['', number], ...methods];
  }

  readonly #addFunction = (run: HostFunction): number => this.#functions.push(run) - 1;

  #answer(value: unknown): string {
    if (value === undefined) return 'v';
    if (typeof value === 'string') return `T${value}`;
    if (value instanceof Promise) {
      // A rejected promise without a handler ends the process.
      value.catch(noop);
      return 'xit would wait, which an inline plugin cannot';
    }
    if (typeof value !== 'object' && typeof value !== 'bigint') return `v${JSON.stringify(value)}`;
    const { text, isSpecial } = this.#write(value);
    return `${isSpecial ? 'V' : 'v'}${text}`;
  }

  #write(value: unknown) {
    return writeSpecial(value, this.#slots, each => this.#keep(each));
  }

  #read(given: string): readonly unknown[] {
    const read: unknown = readSpecial(given, this.#slots, id => this.#resources.get(id));
    if (!Array.isArray(read)) throw new ContractBroken('its arguments are not a list');
    // What is absent is undefined in the contract, and null in JSON.
    return read.map(each => (each === null ? undefined : each));
  }

  /** Keeps a resource for the realm. Returns the numbers of its class and of the resource; undefined for other objects. */
  #keep(value: object): readonly [number: number, id: number] | undefined {
    const number = this.#classes.get(value.constructor);
    if (number === undefined) return undefined;
    if (this.#resources.size >= maximumResources)
      throw new LimitExceeded(`it holds more than ${maximumResources} resources`);
    this.#lastResource += 1;
    this.#resources.set(this.#lastResource, value);
    return [number, this.#lastResource];
  }

  #drop(resource: unknown): void {
    for (const [id, each] of this.#resources) if (each === resource) this.#resources.delete(id);
  }
}

/** Returns a function that takes the resource as its first argument. */
const methodOf =
  (method: HostFunction): HostFunction =>
  (self, ...given) =>
    Reflect.apply(method, self, given);

/** Returns the function. One that waits for time to pass is refused unless it is over: all requests would wait. */
const withoutWaiting =
  (run: HostFunction): HostFunction =>
  (...given) => {
    if (given.flat().some(each => each instanceof Pollable && !each.ready()))
      throw new LimitExceeded('it waits for time to pass, which an inline plugin cannot');
    return run(...given);
  };

const manyArguments = new Array<number>(2048).fill(0);
const noop = () => {};

/**
 * Throws if little of the stack is left, so that a host function never ends half-way: a guest decides how deep the
 * stack is when it calls one.
 * @throws RangeError
 */
function requireStack(): void {
  Reflect.apply(noop, undefined, manyArguments);
}
