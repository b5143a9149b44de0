import { Metrics, type Series } from '../core/metrics.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { longestName, shownName } from './shown-name.ts';

/** What an operation was, for its duration. Members that do not apply are undefined. */
export interface Operation {
  readonly method: string;
  readonly tool?: string | undefined;
  readonly prompt?: string | undefined;
  readonly revision?: string | undefined;
  readonly transport: 'tcp' | 'pipe';
  readonly error?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** The buckets of the semantic conventions for MCP, in seconds. */
const buckets = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
const server = 'mcp.server.operation.duration';
const client = 'mcp.client.operation.duration';
/** The maximum number of series. Servers choose the names of tools and prompts. */
const mostSeries = 2_000;
/** The maximum number of error numbers that have a series of their own. Servers choose them. */
const mostNumbers = 32;
/** The value of the conventions for all further ones. */
const otherError = '_OTHER';

/** The durations of operations by the semantic conventions of OpenTelemetry for MCP, which are exported by OTLP alone. */
export class OperationDurations {
  readonly metrics = new Metrics();
  readonly #known = { [server]: new Map<string, Series>(), [client]: new Map<string, Series>() };

  readonly #mask: SecretMask;
  /** The names of tools and prompts that exist. */
  readonly #names = new Set<string>();
  readonly #numbers = new Set<string>();

  constructor(mask: SecretMask) {
    this.#mask = mask;
    this.metrics.declare(server, { type: 'histogram', help: 'Duration of requests of MCP clients.', buckets });
    this.metrics.declare(client, { type: 'histogram', help: 'Duration of requests to MCP servers.', buckets });
  }

  served(operation: Operation, ms: number): void {
    this.#seriesOf(server, operation).observe(ms / 1000);
  }

  requested(operation: Operation, ms: number): void {
    this.#seriesOf(client, operation).observe(ms / 1000);
  }

  #seriesOf(name: typeof server | typeof client, operation: Operation): Series {
    const known = this.#known[name];
    const { method, revision, address, port } = operation;
    const error = this.#errorOf(operation);
    const tool = this.#nameOf(operation.tool, error);
    const prompt = this.#nameOf(operation.prompt, error);
    const key = `${method}\0${tool}\0${prompt}\0${revision}\0${error}\0${address}\0${port}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    // Beyond the bound, operations are counted by their method alone.
    if (known.size >= mostSeries) return this.metrics.series(name, { 'mcp.method.name': method });
    const series = this.metrics.series(name, labelsOf({ ...operation, error, tool, prompt }, this.#mask));
    known.set(key, series);
    return series;
  }

  /** Returns a name if it has been answered with a result once. Any other may be a text of the client. */
  #nameOf(name: string | undefined, error: string | undefined): string | undefined {
    if (name === undefined || this.#names.has(name)) return name;
    if (error !== undefined || name.length > longestName || this.#names.size >= mostSeries) return undefined;
    this.#names.add(name);
    return name;
  }

  #errorOf({ error }: Operation): string | undefined {
    if (error === undefined || this.#numbers.has(error) || !/^-?\d/.test(error)) return error;
    if (this.#numbers.size >= mostNumbers) return otherError;
    this.#numbers.add(error);
    return error;
  }
}

function labelsOf({ method, tool, prompt, revision, transport, error, address, port }: Operation, mask: SecretMask) {
  return {
    'mcp.method.name': method,
    ...(tool !== undefined && { 'gen_ai.tool.name': shownName(tool, mask), 'gen_ai.operation.name': 'execute_tool' }),
    ...(prompt !== undefined && { 'gen_ai.prompt.name': shownName(prompt, mask) }),
    ...(revision !== undefined && { 'mcp.protocol.version': revision }),
    ...(error !== undefined && { 'error.type': error }),
    ...(address !== undefined && { 'server.address': address, 'server.port': String(port) }),
    'network.transport': transport,
  };
}
