import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { cut } from '../core/cut.ts';
import { fail } from '../core/fault.ts';
import type { OpenBinding } from '../gateway/binding.ts';
import type { ProtectedResources } from '../identity/protected-resources.ts';
import type { ConnectEndpoint } from './connect/connect-endpoint.ts';
import { answerPreflight, isPreflight } from './cors.ts';
import type { Health } from './health.ts';
import type { McpEndpoint } from './mcp-endpoint.ts';
import type { MetricsEndpoint } from './metrics-endpoint.ts';
import { type RequestContext, type Routed, serveRequest } from './open-request.ts';
import type { PluginsEndpoint } from './plugins-endpoint.ts';
import type { ResourceMetadata } from './resource-metadata.ts';
import type { HostAndOrigin } from './step/host-and-origin.ts';

export interface RoutesOptions {
  /** The bindings by id. */
  readonly bindings: ReadonlyMap<string, OpenBinding>;
  /** The binding at `/mcp`. */
  readonly standard: OpenBinding | undefined;
  readonly mcp: McpEndpoint;
  readonly metrics: MetricsEndpoint;
  readonly health: Health;
  /** Absent if it is not enabled. */
  readonly plugins?: PluginsEndpoint | undefined;
  /** The bindings as resources of authorization servers; absent if there are none. */
  readonly resources?: ProtectedResources | undefined;
  readonly resourceMetadata?: ResourceMetadata | undefined;
  /** Absent if no user can connect an account. */
  readonly connect?: ConnectEndpoint | undefined;
  readonly hostAndOrigin: HostAndOrigin;
  readonly context: RequestContext;
}

const mcpMethods = ['POST', 'GET', 'DELETE'] as const;

/** Creates the listener of the server. It serves calls itself, and leaves every other request to the router. */
export function createListener(options: RoutesOptions): RequestListener {
  const route = getRequestListener(createRoutes(options).fetch, { overrideGlobalObjects: false });
  const callPaths = new Map(pathsOf(options.bindings, options.standard));
  return (incoming, outgoing) => {
    // Nearly every request is a POST to the exact path of a binding. A router and web objects would be most of its cost.
    const binding = incoming.method === 'POST' ? callPaths.get(incoming.url ?? '') : undefined;
    if (binding === undefined) return void route(incoming, outgoing);
    void options.mcp.serve(binding, 'POST', { incoming, outgoing });
  };
}

/** Creates the router: each path and method with its handler. */
function createRoutes(options: RoutesOptions): Hono<{ Bindings: HttpBindings }> {
  const { bindings, standard, mcp, metrics, health, plugins, resources, resourceMetadata } = options;
  // One handler per path and method: if a second one matches, Hono composes them again for each request.
  const app = new Hono<{ Bindings: HttpBindings }>();
  for (const [path, binding] of pathsOf(bindings, standard)) {
    for (const method of mcpMethods) {
      app.on(method, path, c => mcp.serve(binding, method, routed(c.env)).then(alreadySent));
    }
  }
  app.get('/healthz', c => answered(c, request => health.alive(request)));
  app.get('/readyz', c => answered(c, request => health.ready(request, c.req.query('verbose') !== undefined)));
  app.get('/metrics', c => answered(c, request => metrics.serve(request)));
  if (plugins !== undefined) app.get('/plugins', c => answered(c, request => plugins.serve(request)));
  for (const [at, path] of resources?.metadataPaths ?? []) {
    for (const each of [at, `${at}/`]) {
      app.on(['GET', 'OPTIONS'], each, c => answered(c, request => resourceMetadata?.serve(request, path)));
    }
  }
  if (options.connect !== undefined) addConnectRoutes(app, options.connect);
  app.notFound(c => refuse(options, routed(c.env)));
  return app;
}

function addConnectRoutes(app: Hono<{ Bindings: HttpBindings }>, connect: ConnectEndpoint): void {
  for (const prefix of connect.prefixes) {
    const at = `${prefix}/connect`;
    app.get(`${at}/signed-in`, c => connect.signedIn(routed(c.env)).then(alreadySent));
    app.get(`${at}/callback/:upstream`, c =>
      connect.connected(routed(c.env), c.req.param('upstream')).then(alreadySent),
    );
    app.get(`${at}/link/:token`, c => connect.open(routed(c.env), c.req.param('token')).then(alreadySent));
    app.post(`${at}/link/:token`, c => connect.agree(routed(c.env), c.req.param('token')).then(alreadySent));
  }
}

const alreadySent = () => RESPONSE_ALREADY_SENT;

function answered({ env }: { readonly env: HttpBindings }, answer: (request: Routed) => void): Response {
  answer(routed(env));
  return RESPONSE_ALREADY_SENT;
}

/** Returns all paths with their bindings. Some clients append a slash, and some need a path that ends in `mcp`. */
export function pathsOf<B>(
  bindings: ReadonlyMap<string, B>,
  standard: B | undefined,
): readonly (readonly [string, B])[] {
  const paths = new Map<string, B>(standard === undefined ? [] : [['/mcp', standard]]);
  for (const [id, binding] of bindings) paths.set(`/mcp/${id}`, binding).set(`/${id}/mcp`, binding);
  return [...paths].flatMap(([path, binding]) => [[path, binding] as const, [`${path}/`, binding] as const]);
}

/** Answers a preflight, and refuses everything that no other route serves. */
function refuse({ context, hostAndOrigin }: RoutesOptions, { incoming, outgoing }: Routed): Promise<Response> {
  const refused = serveRequest(context, { incoming, outgoing }, async (request, reply) => {
    hostAndOrigin.pass(request);
    if (isPreflight(incoming) && isMcpPath(incoming)) return answerPreflight(reply, incoming);
    context.running.pass();
    const { method = '' } = incoming;
    const isMethodUnknown = !mcpMethods.some(known => known === method);
    if (isMcpPath(incoming) && isMethodUnknown) fail('http_method_refused', { method });
    fail('path_unknown', { path: cut(pathIn(incoming), 200) });
  });
  return refused.then(alreadySent);
}

const pathIn = ({ url = '' }: IncomingMessage) => url.split('?', 1)[0] ?? '';

/** Returns whether the path has the form of a binding's path. */
const isMcpPath = (incoming: IncomingMessage) => /^\/mcp(\/[^/]*)?\/?$|^\/[^/]+\/mcp\/?$/.test(pathIn(incoming));

/** Hono's types allow HTTP/2, which is not served here. */
const routed = ({ incoming, outgoing }: HttpBindings): Routed => ({
  incoming: incoming as IncomingMessage,
  outgoing: outgoing as ServerResponse,
});
