/** A component that is ready to be instantiated in lanes. Plain data and modules: it can be posted to a thread. */
export interface Component {
  readonly glue: string;
  readonly modules: ReadonlyMap<string, WebAssembly.Module>;
  /** How often an instance of the component instantiates each of `modules`, for which memory is set aside. */
  readonly instances: ReadonlyMap<string, number>;
  /** The bytes of `modules`, for lanes in another process; none where there is no such lane. */
  readonly binaries: ReadonlyMap<string, Uint8Array>;
  /** Whether hook calls may wait for the gateway's thread, and so run with JSPI in lanes of their own. */
  readonly asynchronous: boolean;
}
