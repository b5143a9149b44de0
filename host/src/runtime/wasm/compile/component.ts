/** A component that lanes can instantiate. It is plain data and modules, so it can be posted to a thread. */
export interface Component {
  readonly glue: string;
  readonly modules: ReadonlyMap<string, WebAssembly.Module>;
  /** How often an instance of the component instantiates each of `modules`. The memory limit is divided among them. */
  readonly instances: ReadonlyMap<string, number>;
  /** The bytes of `modules`, for a lane in another process; empty if there is no such lane. */
  readonly binaries: ReadonlyMap<string, Uint8Array>;
  /** The name of the counter in the imports of each of `modules`, if their code uses fuel. */
  readonly fuelCounter?: { readonly module: string; readonly name: string };
  /** Whether hook calls may wait for the gateway's thread. Such a plugin runs with JSPI in a lane of its own. */
  readonly asynchronous: boolean;
}
