import { Metrics, type Series } from '../core/metrics.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { longestName, shownName } from './shown-name.ts';

/** What an operation was, for its duration. Members that do not apply are undefined. */
export interface Operation {
  readonly method: string;
  /** The id of the upstream that it went to. */
  readonly upstream?: string | undefined;
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
type Direction = typeof server | typeof client;
/** The maximum number of series of one upstream, and of all. Servers choose the names of tools and prompts. */
const mostOfUpstream = 1_000;
const mostOfAll = 8_000;
/** The maximum number of upstreams that have bounds of their own. */
const mostUpstreams = 1_000;
/** The maximum number of names of one upstream. */
const mostNames = 500;
/** The maximum number of error numbers of one upstream that have a series of their own. Servers choose them. */
const mostNumbers = 32;
/** The value of the conventions for all further errors, and here for all further names. */
const other = '_OTHER';

/** What an upstream has chosen. Each has bounds of its own, so that a hostile one uses up no other's. */
class Chosen {
  /** The names of tools and prompts that exist. */
  readonly names = new Set<string>();
  readonly numbers = new Set<string>();
  series = 0;
}

/** The durations of operations by the semantic conventions of OpenTelemetry for MCP, which are exported by OTLP alone. */
export class OperationDurations {
  readonly metrics = new Metrics();
  readonly #known = { [server]: new Map<string, Series>(), [client]: new Map<string, Series>() };
  readonly #chosen = { [server]: new Map<string, Chosen>(), [client]: new Map<string, Chosen>() };
  readonly #mask: SecretMask;

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

  #seriesOf(name: Direction, operation: Operation): Series {
    const known = this.#known[name];
    const { method, upstream = '', revision, address, port } = operation;
    const chosen = this.#chosenBy(name, upstream);
    const error = errorOf(operation, chosen);
    const tool = nameOf(operation.tool, error, chosen);
    const prompt = nameOf(operation.prompt, error, chosen);
    const key = `${upstream}\0${method}\0${tool}\0${prompt}\0${revision}\0${error}\0${address}\0${port}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    // Beyond the bounds, operations are counted by their method alone.
    const isBeyond = chosen.series >= mostOfUpstream || known.size >= mostOfAll;
    if (isBeyond) return this.metrics.series(name, { 'mcp.method.name': method });
    const series = this.metrics.series(name, labelsOf({ ...operation, error, tool, prompt }, this.#mask));
    known.set(key, series);
    chosen.series += 1;
    return series;
  }

  #chosenBy(name: Direction, upstream: string): Chosen {
    const ofUpstreams = this.#chosen[name];
    // Any number of upstreams can be registered at run time: further ones share bounds.
    const whose = ofUpstreams.has(upstream) || ofUpstreams.size < mostUpstreams ? upstream : other;
    const chosen = ofUpstreams.get(whose) ?? new Chosen();
    ofUpstreams.set(whose, chosen);
    return chosen;
  }
}

/** Returns a name if it has been answered with a result once. Any other may be a text of the client. */
function nameOf(name: string | undefined, error: string | undefined, { names }: Chosen): string | undefined {
  if (name === undefined || names.has(name)) return name;
  if (error !== undefined || name.length > longestName) return undefined;
  if (names.size >= mostNames) return other;
  names.add(name);
  return name;
}

function errorOf({ error }: Operation, { numbers }: Chosen): string | undefined {
  if (error === undefined || numbers.has(error) || !/^-?\d/.test(error)) return error;
  if (numbers.size >= mostNumbers) return other;
  numbers.add(error);
  return error;
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
