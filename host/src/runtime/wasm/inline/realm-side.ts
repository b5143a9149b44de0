/**
 * What a realm may ask of the gateway's thread. Each function takes and returns primitives, and bytes of the realm
 * that only native code looks into. What it throws does not reach the glue.
 */
export interface Outside {
  /** Calls a host function. `given` is JSON, the answer has a letter for its kind in front: see HostFunctions. */
  callHost(index: number, given: string): string;
  /** Calls a host function with one text or two, as most are called. */
  callHostWith(index: number, first: string, second: string | undefined): string;
  decode(bytes: Uint8Array): string;
  /** Returns the number of bytes that were written; -1 if not all of the text fits. */
  encodeInto(text: string, bytes: Uint8Array): number;
  /** Copies bytes out of the realm, and returns the slot where they are kept. */
  takeBytes(bytes: Uint8Array): number;
  /** Copies the bytes of a slot into the realm. */
  giveBytes(slot: number, bytes: Uint8Array): void;
}

/** What a realm knows of its plugin. All of it is plain. */
export interface RealmSettings {
  /** The names that its global object keeps. */
  readonly globals: readonly string[];
  /** What the glue may copy out of the guest's memory at one time, in bytes. */
  readonly liftedBytes: number;
  readonly fuel: number;
  /** The name of the counter of fuel in the imports of core modules. */
  readonly counter: { readonly module: string; readonly name: string };
  /** The interfaces and names of entry points, which calls know by number. */
  readonly entries: readonly (readonly [of: string, name: string])[];
  /** Units of fuel for a host function, and for each character or byte that crosses. */
  readonly hostCallUnits: number;
  readonly characterUnits: number;
  /** Host functions by interface, as numbers, and classes of resources as their methods. */
  readonly imports: readonly (readonly [name: string, members: readonly RealmImport[]])[];
}
export type RealmImport = readonly [name: string, member: number | readonly (readonly [name: string, index: number])[]];

/** How a value crosses: as JSON, with special values or without, or as the fields of a tool call or of a text. */
export type ValueForm = 'json' | 'special' | 'call' | 'text';

type Call = (...given: readonly unknown[]) => unknown;
type Exports = Record<string, Record<string, Call>>;
type Thrown = { readonly name: string; readonly message: string; readonly payload?: string };

/**
 * The part of an inline plugin's instance that lives in the realm of its glue. The text of this class is evaluated
 * there, so everything that it makes belongs to that realm, and it refers to nothing beside the language.
 *
 * The glue gets functions of this realm alone. They keep the functions of the gateway's realm in private fields, call
 * nothing that the glue could have replaced, and throw errors of this realm: whatever the gateway's functions throw,
 * such as a stack overflow, ends here.
 */
export class RealmSide {
  readonly #outside: Outside;
  readonly #parse = JSON.parse;
  readonly #stringify = JSON.stringify;
  readonly #define = Object.defineProperty;
  readonly #keys = Object.keys;
  readonly #text = String;
  readonly #finite = Number.isFinite;
  readonly #big = BigInt;
  readonly #Error = Error;
  readonly #RangeError = RangeError;
  readonly #TypeError = TypeError;
  readonly #Bytes = Uint8Array;
  readonly #CoreInstance = WebAssembly.Instance;
  readonly #call: (run: Call, self: unknown, ...given: readonly unknown[]) => unknown;
  readonly #exportsOf: Call;
  readonly #bufferOf: Call;
  readonly #sizeOf: Call;
  readonly #slice: Call;
  readonly #kindOf: Call;
  readonly #lengthOf: Call;
  /** Why errors that this side threw end the call; other errors have no entry. */
  readonly #endings = new WeakMap<object, string>();
  readonly #endingOf = this.#endings.get.bind(this.#endings);
  readonly #setEnding = this.#endings.set.bind(this.#endings);
  /** The modules of the gateway's realm behind the objects that the glue takes for them. */
  readonly #modules = new WeakMap<object, { readonly module: WebAssembly.Module; left: number }>();
  readonly #moduleOf = this.#modules.get.bind(this.#modules);
  readonly #setModule = this.#modules.set.bind(this.#modules);
  readonly #resources = new WeakMap<object, number>();
  readonly #resourceOf = this.#resources.get.bind(this.#resources);
  readonly #setResource = this.#resources.set.bind(this.#resources);
  readonly #tokens: Record<string, object> = this.#plain();
  readonly #imports: Record<string, object> = this.#plain();
  readonly #classes: Record<number, new () => object> = this.#plain();
  readonly #memories: Record<number, unknown> = this.#plain();
  readonly #buffers: Record<number, unknown> = this.#plain();
  #memoryCount = 0;
  #memoryBytes = 0;
  #lifted = 0;
  /** Whether the text that was written last has bytes, big integers or resources in it. */
  #isSpecial = false;
  readonly #settings: RealmSettings;
  readonly #coreImports: Record<string, object> = this.#plain();
  readonly #fillFuel: (units: number) => void;
  /** Returns what is left. */
  readonly #takeFuel: (units: number) => number;
  #exports: Exports = {};
  /** The entry points that were called before, by number. */
  readonly #entries: Record<number, Call | undefined> = this.#plain();

  /** @param gauge see fuelGauge */
  constructor(outside: Outside, settings: string, gauge: WebAssembly.Module) {
    this.#outside = outside;
    const known: RealmSettings = JSON.parse(settings);
    this.#settings = known;
    const { call } = Function.prototype;
    this.#call = call.bind(call) as never;
    this.#exportsOf = this.#getter(WebAssembly.Instance.prototype, 'exports');
    this.#bufferOf = this.#getter(WebAssembly.Memory.prototype, 'buffer');
    this.#sizeOf = this.#getter(ArrayBuffer.prototype, 'byteLength');
    this.#slice = String.prototype.slice as Call;
    const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
    this.#kindOf = this.#getter(typedArray, Symbol.toStringTag);
    this.#lengthOf = this.#getter(typedArray, 'length');

    const { counter, fill, take } = new WebAssembly.Instance(gauge).exports;
    this.#fillFuel = fill as (units: number) => void;
    this.#takeFuel = take as (units: number) => number;
    this.#coreImports[known.counter.module] = { [known.counter.name]: counter };

    for (const [name, members] of known.imports) this.#imports[name] = this.#membersOf(members);
    this.#writeSpecialValues();
    this.#surround(known.globals);
  }

  /** Adds a core module, of which an instance of the plugin has `count` instances. */
  addModule(name: string, module: WebAssembly.Module, count: number): void {
    const token = Object.freeze(this.#plain());
    this.#setModule(token, { module, left: count });
    this.#tokens[name] = token;
  }

  /** Instantiates the component. `glue` is a function of this realm that returns `instantiate`. */
  start(glue: () => Call): string {
    return this.#attempt(() => {
      const exports = glue()(
        (name: string) => this.#tokens[name],
        this.#imports,
        (module: object, given?: object) => this.#instantiate(module, given),
      );
      this.#exports = exports as Exports;
    });
  }

  /** Configures the instance. */
  configure(of: string, name: string, config: string): string {
    return this.#attempt(() => this.#exported(of, name)(config));
  }

  /**
   * Calls an entry point with as much fuel as one call may use. The fields of the context and of the most frequent values
   * are arguments, because writing and reading them as JSON would take longer than many calls.
   * @param more further members of the context, as JSON
   * @param first all of a value as JSON, or its first text
   */
  call(
    entry: number,
    requestId: string,
    binding: string,
    upstream: string,
    tenant: string | undefined,
    subject: string | undefined,
    deadlineMs: number,
    more: string | undefined,
    form: ValueForm,
    first: string,
    second: string | undefined,
    isError: boolean,
  ): string {
    this.#lifted = 0;
    try {
      this.#fillFuel(this.#settings.fuel);
      const called = this.#entries[entry] ?? this.#findEntry(entry);
      const facts = { requestId, binding, upstream, tenant, subject, deadlineMs };
      const context = more === undefined ? facts : { ...facts, ...(this.#parse(more) as object) };
      return this.#answer(called(context, this.#value(form, first, second, isError)));
    } catch (thrown) {
      return this.#describe(thrown);
    }
  }

  /** What is left of the fuel; less than nothing if a call used more. */
  fuelLeft(): number {
    return this.#takeFuel(0);
  }

  /** The size of the memories, in bytes. */
  memoryBytes(): number {
    let isSame = this.#memoryBytes > 0;
    for (let at = 0; isSame && at < this.#memoryCount; at += 1)
      isSame = this.#call(this.#sizeOf, this.#buffers[at]) !== 0;
    if (isSame) return this.#memoryBytes;
    let bytes = 0;
    for (let at = 0; at < this.#memoryCount; at += 1) {
      const buffer = this.#call(this.#bufferOf, this.#memories[at]);
      this.#buffers[at] = buffer;
      bytes += this.#call(this.#sizeOf, buffer) as number;
    }
    this.#memoryBytes = bytes;
    return bytes;
  }

  /** Runs code of the glue, and returns its result or what it threw, as text: see RealmAnswer. */
  #attempt(run: () => unknown): string {
    try {
      this.#fillFuel(this.#settings.fuel);
      return this.#answer(run());
    } catch (thrown) {
      return this.#describe(thrown);
    }
  }

  #answer(result: unknown): string {
    this.#charge(this.#settings.characterUnits * this.#lifted);
    const frequent = this.#frequent(result);
    if (frequent !== undefined) return frequent;
    const text = this.#write(result);
    return (this.#isSpecial ? 'V' : 'v') + text;
  }

  /**
   * Returns the answer for an outcome without a value, for one that changed a tool call, or a result of one text;
   * undefined for any other. Writing and reading it as JSON would take longer than many calls.
   */
  #frequent(result: unknown): string | undefined {
    if (typeof result !== 'object' || result === null) return undefined;
    const { tag, val } = result as { tag?: unknown; val?: unknown };
    if (tag === 'proceed' && val === undefined) return 'p';
    if (tag !== 'modified' || typeof val !== 'object' || val === null) return undefined;
    const { tag: kind, val: changed } = val as { tag?: unknown; val?: Record<string, unknown> };
    if (typeof changed !== 'object' || changed === null) return undefined;
    if (kind === 'tool-call') {
      const { name, arguments: given } = changed;
      return typeof name === 'string' && typeof given === 'string' ? `a${name.length} ${name}${given}` : undefined;
    }
    const { content, structuredContent, isError } = changed;
    if (kind !== 'tool-result' || structuredContent !== undefined || typeof isError !== 'boolean') return undefined;
    if (typeof content !== 'object' || content === null) return undefined;
    const { length, 0: block } = content as { length?: unknown; 0?: { tag?: unknown; val?: unknown } };
    if (length !== 1 || typeof block !== 'object' || block === null) return undefined;
    const { tag: type, val: text } = block;
    return type === 'text' && typeof text === 'string' ? (isError ? 'R' : 'r') + text : undefined;
  }

  #findEntry(entry: number): Call {
    const [of, name] = this.#settings.entries[entry] ?? ['', ''];
    const called = this.#exported(of, name);
    this.#entries[entry] = called;
    return called;
  }

  #exported(of: string, name: string): Call {
    const called = this.#exports[of]?.[name];
    if (called === undefined) throw this.#ending('c', `it exports no ${name} of ${of}`);
    return called;
  }

  #value(form: ValueForm, first: string, second: string | undefined, isError: boolean): unknown {
    if (form === 'call') return { tag: 'tool-call', val: { name: first, arguments: second } };
    if (form !== 'text') return this.#read(first, form === 'special');
    const content = [{ tag: 'text', val: first }];
    return { tag: 'tool-result', val: { content, structuredContent: second, isError } };
  }

  /** Describes what the glue threw. It may be anything, with getters and a prototype of the glue's making. */
  #describe(thrown: unknown): string {
    try {
      const ending = typeof thrown === 'object' && thrown !== null ? this.#endingOf(thrown) : undefined;
      if (ending !== undefined) return ending;
      return `t${this.#stringify(this.#thrown(thrown))}`;
    } catch {
      return 't{"name":"Error","message":"it threw a value that cannot be described"}';
    }
  }

  #thrown(thrown: unknown): Thrown {
    if (typeof thrown !== 'object' || thrown === null) return { name: 'Error', message: this.#short(thrown) };
    const name = this.#short((thrown.constructor as { name?: unknown } | undefined)?.name ?? 'Error');
    const { message } = thrown as { message?: unknown };
    const described = { name, message: typeof message === 'string' ? this.#short(message) : '' };
    return name === 'ComponentError' && 'payload' in thrown
      ? { ...described, payload: this.#short(thrown.payload) }
      : described;
  }

  #short(value: unknown): string {
    return this.#call(this.#slice, this.#text(value), 0, 2000) as string;
  }

  /** Returns an error that ends the call and that no glue can take for a declared one: see CallEnded. */
  #ending(kind: 'l' | 'c' | 's', message: string): Error {
    const error = kind === 's' ? new this.#RangeError(message) : new this.#Error(message);
    const get = () => {
      throw error;
    };
    if (kind !== 's') {
      this.#define(error, 'payload', { __proto__: null, get } as PropertyDescriptor);
      this.#setEnding(error, kind + message);
    }
    return error;
  }

  #askHost(index: number, given: readonly unknown[]): unknown {
    const { hostCallUnits, characterUnits } = this.#settings;
    const { length, 0: first, 1: second } = given;
    let answer: string;
    if (typeof first === 'string' && (length === 1 || (length === 2 && typeof second === 'string'))) {
      const text = length === 1 ? undefined : (second as string);
      this.#charge(hostCallUnits + characterUnits * (first.length + (text?.length ?? 0)));
      this.#lifted = 0;
      try {
        answer = this.#outside.callHostWith(index, first, text);
      } catch {
        throw this.#ending('s', 'Maximum call stack size exceeded');
      }
    } else {
      const text = this.#writeArguments(given);
      this.#charge(hostCallUnits + characterUnits * text.length);
      this.#lifted = 0;
      try {
        answer = this.#outside.callHost(index, text);
      } catch {
        throw this.#ending('s', 'Maximum call stack size exceeded');
      }
    }
    if (answer === 'v') return undefined;
    this.#charge(characterUnits * answer.length);
    const kind = answer[0];
    const rest = this.#call(this.#slice, answer, 1) as string;
    if (kind === 'T') return rest;
    if (kind === 'v') return rest === '' ? undefined : this.#parse(rest);
    if (kind === 'V') return this.#read(rest, true);
    if (kind === 'l' || kind === 'c' || kind === 's') throw this.#ending(kind, rest);
    if (kind === 'x') throw new this.#TypeError(rest);
    const error = new this.#Error('declared error');
    const value = this.#read(rest, true);
    this.#define(error, 'payload', { __proto__: null, value } as PropertyDescriptor);
    throw error;
  }

  /** Takes fuel for work that no instruction counts. */
  #charge(units: number): void {
    if (this.#takeFuel(units) < 0) throw this.#ending('l', 'it used up its fuel');
  }

  /** Counts what the glue copies out of the guest's memory: see LiftingMeter. */
  #meter(bytes: number): number {
    this.#lifted += bytes;
    const { liftedBytes, characterUnits, fuel } = this.#settings;
    if (this.#lifted > liftedBytes) throw this.#ending('l', `it hands over more than ${liftedBytes} bytes at once`);
    // They are paid for together, when they were copied. Before that, no more is copied than all fuel could pay for.
    if (this.#lifted * characterUnits > fuel)
      throw this.#ending('l', 'it hands over more at once than its fuel pays for (limits.fuel)');
    return bytes;
  }

  #instantiate(token: object, given: object = {}): unknown {
    const known = this.#moduleOf(token);
    if (known === undefined || known.left <= 0) throw this.#ending('l', 'it has more core instances than were counted');
    known.left -= 1;
    const imports = { __proto__: null, ...given, ...this.#coreImports } as unknown as WebAssembly.Imports;
    const instance = new this.#CoreInstance(known.module, imports);
    const exports = this.#call(this.#exportsOf, instance) as Record<string, unknown>;
    const names = this.#keys(exports);
    for (let at = 0; at < names.length; at += 1) this.#addMemory(exports[names[at] ?? '']);
    return instance;
  }

  #addMemory(exported: unknown): void {
    if (typeof exported !== 'object') return;
    try {
      this.#call(this.#bufferOf, exported);
    } catch {
      return;
    }
    for (let at = 0; at < this.#memoryCount; at += 1) if (this.#memories[at] === exported) return;
    this.#memories[this.#memoryCount] = exported;
    this.#memoryCount += 1;
    this.#memoryBytes = 0;
  }

  #membersOf(members: readonly RealmImport[]): object {
    const made: Record<string, unknown> = this.#plain();
    for (const [name, member] of members) {
      made[name] =
        typeof member === 'number'
          ? (...given: readonly unknown[]) => this.#askHost(member, given)
          : this.#resourceClass(member);
    }
    return made;
  }

  /** Makes a class whose methods are host functions. The first is the number of the class, and drops a resource. */
  #resourceClass([[, number] = ['', 0], ...methods]: readonly (readonly [string, number])[]): new () => object {
    const side = this;
    const made = class {};
    const define = (name: PropertyKey, value: unknown) =>
      Object.defineProperty(made.prototype, name, { value, configurable: false, writable: false });
    for (const [name, index] of methods) {
      define(name, function (this: object, ...given: readonly unknown[]) {
        return side.#askHost(index, [this, ...given]);
      });
    }
    define(Symbol.dispose, function (this: object) {
      side.#askHost(number, [this]);
    });
    define('toJSON', function (this: object) {
      side.#isSpecial = true;
      return { $resource: side.#resourceOf(this) ?? -1 };
    });
    this.#classes[number] = made;
    return made;
  }

  /** Writes values that JSON does not know as objects with one member. */
  #writeSpecialValues(): void {
    const side = this;
    const define = (prototype: object, toJSON: (this: unknown) => unknown) =>
      Object.defineProperty(prototype, 'toJSON', { value: toJSON, configurable: false, writable: false });
    define(Uint8Array.prototype, function (this: unknown) {
      side.#isSpecial = true;
      return { $bytes: side.#takeBytes(this) };
    });
    define(BigInt.prototype, function (this: unknown) {
      side.#isSpecial = true;
      return { $integer: side.#text(this) };
    });
  }

  #takeBytes(bytes: unknown): number {
    if (this.#call(this.#kindOf, bytes) !== 'Uint8Array') throw new this.#TypeError('expected bytes');
    try {
      return this.#outside.takeBytes(bytes as Uint8Array);
    } catch {
      throw this.#ending('s', 'Maximum call stack size exceeded');
    }
  }

  #write(value: unknown): string {
    this.#isSpecial = false;
    return this.#stringify(value) ?? '';
  }

  #writeArguments(given: readonly unknown[]): string {
    for (let at = 0; at < given.length; at += 1) {
      const each = given[at];
      if (typeof each === 'number' && !this.#finite(each))
        this.#define(given, at, { __proto__: null, value: { $number: this.#text(each) } } as PropertyDescriptor);
    }
    return this.#write(given);
  }

  #read(text: string, isSpecial: boolean): unknown {
    return isSpecial ? this.#parse(text, (_name, value) => this.#revive(value)) : this.#parse(text);
  }

  #revive(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const { $bytes, $integer, $resource } = value as {
      $bytes?: readonly [slot: number, length: number];
      $integer?: string;
      $resource?: readonly [number: number, id: number];
    };
    if ($integer !== undefined) return this.#big($integer);
    if ($bytes !== undefined) {
      const bytes = new this.#Bytes($bytes[1]);
      try {
        this.#outside.giveBytes($bytes[0], bytes);
      } catch {
        throw this.#ending('s', 'Maximum call stack size exceeded');
      }
      return bytes;
    }
    if ($resource === undefined) return value;
    const made = this.#classes[$resource[0]];
    if (made === undefined) return value;
    const resource = new made();
    this.#setResource(resource, $resource[1]);
    return resource;
  }

  #decode(bytes: Uint8Array): string {
    if (this.#call(this.#kindOf, bytes) !== 'Uint8Array') throw new this.#TypeError('expected bytes');
    this.#meter(this.#call(this.#lengthOf, bytes) as number);
    try {
      return this.#outside.decode(bytes);
    } catch {
      throw this.#ending('s', 'Maximum call stack size exceeded');
    }
  }

  #encodeInto(text: unknown, bytes: Uint8Array): { read: number; written: number } {
    if (typeof text !== 'string' || this.#call(this.#kindOf, bytes) !== 'Uint8Array')
      throw new this.#TypeError('expected a text and bytes');
    // Most texts are short, and of ASCII: then they have as many bytes as characters.
    if (text.length < 64 && this.#call(this.#lengthOf, bytes) === text.length) {
      let at = 0;
      for (; at < text.length; at += 1) {
        const code = text.charCodeAt(at);
        if (code > 127) break;
        bytes[at] = code;
      }
      if (at === text.length) return { read: at, written: at };
    }
    let written: number;
    try {
      written = this.#outside.encodeInto(text, bytes);
    } catch {
      throw this.#ending('s', 'Maximum call stack size exceeded');
    }
    return { read: written < 0 ? 0 : text.length, written };
  }

  /**
   * Leaves the realm what honest glue needs. Nothing runs outside of a call: no promises, whose rejections end Node, no
   * timers, and no callbacks of the garbage collector. Errors have no stack: Node's own function would write it, and
   * what that throws is of the gateway's realm.
   */
  #surround(globals: readonly string[]): void {
    const side = this;
    const realm = globalThis as unknown as Record<string, unknown>;
    const kept = new Set(globals);
    const { deleteProperty } = Reflect;
    const { Global, Instance, Memory, Module, RuntimeError, Table } = WebAssembly as unknown as Record<string, unknown>;
    for (const name of Object.getOwnPropertyNames(realm)) {
      if (!kept.has(name) && !deleteProperty(realm, name)) realm[name] = undefined;
    }
    realm.WebAssembly = Object.freeze({ __proto__: null, Global, Instance, Memory, Module, RuntimeError, Table });
    realm.Promise = class {
      constructor() {
        throw new side.#TypeError('there are no promises in an inline plugin');
      }
    };
    realm.TextDecoder = class {
      decode(bytes: Uint8Array): string {
        return side.#decode(bytes);
      }
    };
    realm.TextEncoder = class {
      encodeInto(text: unknown, bytes: Uint8Array): { read: number; written: number } {
        return side.#encodeInto(text, bytes);
      }
    };
    realm.meterLifted = (bytes: number) => side.#meter(bytes);
    deleteProperty(Array, 'fromAsync');
    deleteProperty(Error, 'captureStackTrace');
    for (const name of ['stackTraceLimit', 'prepareStackTrace'])
      Object.defineProperty(Error, name, { value: undefined, writable: false, configurable: false });
    Object.defineProperty(realm, 'Error', { value: Error, writable: false, configurable: false });
  }

  #getter(of: object, name: PropertyKey): Call {
    return Object.getOwnPropertyDescriptor(of, name)?.get as Call;
  }

  /** Returns an object without a prototype, whose members nothing else can intercept. */
  #plain(): Record<PropertyKey, never> {
    return { __proto__: null } as unknown as Record<PropertyKey, never>;
  }
}
