import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { cut } from '../core/cut.ts';
import { fail } from '../core/fault.ts';
import type { ProtectedResources } from '../identity/protected-resources.ts';
import type { HttpMethod } from '../mcp/revision/revision.ts';
import type { AdminEndpoint } from './admin/admin-endpoint.ts';
import type { ConnectEndpoint } from './connect/connect-endpoint.ts';
import { answerPreflight, isPreflight } from './cors.ts';
import type { Health } from './health.ts';
import type { McpEndpoint } from './mcp-endpoint.ts';
import type { MetricsEndpoint } from './metrics-endpoint.ts';
import { type RequestContext, type Routed, serveRequest } from './open-request.ts';
import type { PluginsEndpoint } from './plugins-endpoint.ts';
import type { ResourceMetadata } from './resource-metadata.ts';
import type { RouteMap } from './route-map.ts';
import type { HostAndOrigin } from './step/host-and-origin.ts';

export interface RoutesOptions {
  readonly routes: RouteMap;
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
  /** Absent if the management API is off, or has an address of its own. */
  readonly admin?: AdminEndpoint | undefined;
  readonly hostAndOrigin: HostAndOrigin;
  readonly context: RequestContext;
}

const mcpMethods = ['POST', 'GET', 'DELETE'] as const;

/** Creates the listener of the server. It serves calls itself, and leaves every other request to the router. */
export function createListener(options: RoutesOptions): RequestListener {
  const { routes, mcp } = options;
  const { everywhere } = routes;
  const route = getRequestListener(createRoutes(options, everywhere).fetch, { overrideGlobalObjects: false });
  const serveElse: RequestListener = (incoming, outgoing) => {
    // Nearly every request is a POST to the exact path of a binding. A router and web objects would be most of its cost.
    const served = incoming.method === 'POST' ? everywhere.get(incoming.url ?? '') : undefined;
    if (served === undefined) return void route(incoming, outgoing);
    void mcp.serve(served, 'POST', { incoming, outgoing });
  };
  if (!routes.hasHosts) return serveElse;
  const rest = getRequestListener(createRoutes(options, new Map()).fetch, { overrideGlobalObjects: false });
  return (incoming, outgoing) => {
    const paths = routes.ofHost(incoming.headers.host);
    if (paths === undefined) return serveElse(incoming, outgoing);
    const served = paths.get(pathIn(incoming));
    const method = methodsServed.get(incoming.method ?? '');
    if (served === undefined || method === undefined) return void rest(incoming, outgoing);
    void mcp.serve(served, method, { incoming, outgoing });
  };
}

/** How each method of a binding is served. HEAD is refused as a GET. */
const methodsServed = new Map<string, HttpMethod>([...mcpMethods.map(each => [each, each] as const), ['HEAD', 'GET']]);

/** Creates the router: each path and method with its handler. */
function createRoutes(options: RoutesOptions, paths: RouteMap['everywhere']): Hono<{ Bindings: HttpBindings }> {
  const { mcp, metrics, health, plugins, resources, resourceMetadata } = options;
  // One handler per path and method: if a second one matches, Hono composes them again for each request.
  const app = new Hono<{ Bindings: HttpBindings }>();
  for (const [path, served] of paths) {
    for (const method of mcpMethods) {
      app.on(method, path, c => mcp.serve(served, method, routed(c.env)).then(alreadySent));
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
  const { admin } = options;
  if (admin !== undefined) {
    for (const path of ['/admin', '/admin/*']) app.all(path, c => admin.serve(routed(c.env)).then(alreadySent));
  }
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

/** Answers a preflight, and refuses everything that no other route serves. */
function refuse({ context, hostAndOrigin, routes }: RoutesOptions, { incoming, outgoing }: Routed): Promise<Response> {
  const refused = serveRequest(context, { incoming, outgoing }, async (request, reply) => {
    hostAndOrigin.pass(request);
    const isServed = routes.has(incoming.headers.host, pathIn(incoming));
    if (isPreflight(incoming) && (isServed || isMcpPath(incoming))) return answerPreflight(reply, incoming);
    context.running.pass();
    const { method = '' } = incoming;
    const isMethodUnknown = !mcpMethods.some(known => known === method);
    if ((isServed || isMcpPath(incoming)) && isMethodUnknown) fail('http_method_refused', { method });
    fail('path_unknown', { path: cut(pathIn(incoming), 200) });
  });
  return refused.then(alreadySent);
}

const pathIn = ({ url = '' }: IncomingMessage) => url.split('?', 1)[0] ?? '';

/** Returns whether the path has the form of a binding's usual path. */
const isMcpPath = (incoming: IncomingMessage) => /^\/mcp(\/[^/]*)?\/?$|^\/[^/]+\/mcp\/?$/.test(pathIn(incoming));

/** Hono's types allow HTTP/2, which is not served here. */
const routed = ({ incoming, outgoing }: HttpBindings): Routed => ({
  incoming: incoming as IncomingMessage,
  outgoing: outgoing as ServerResponse,
});
