import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { end, freePort, pidOf, type Running, untilReady } from './process.ts';
import { toolName } from './sample.ts';

/** How the peer is installed, for the line about what is left out. */
export const contextForgeHint =
  "set CONTEXTFORGE to a Python environment with pip install 'mcp-contextforge-gateway[plugins]==1.1.0'";

const gunicorn = () => join(process.env.CONTEXTFORGE ?? '', 'bin/gunicorn');

/** Whether the environment variable CONTEXTFORGE names a Python environment with the peer in it. */
export function hasContextForge(): boolean {
  if (process.env.CONTEXTFORGE === undefined) return false;
  try {
    accessSync(gunicorn(), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What its PII filter can look for. */
const piiKinds = [
  ...['ssn', 'bsn', 'credit_card', 'email', 'phone', 'ip_address', 'date_of_birth', 'passport', 'driver_license'],
  ...['bank_account', 'medical_record'],
];
const detecting = (kinds: readonly string[]) =>
  Object.fromEntries(piiKinds.map(kind => [`detect_${kind}`, kinds.includes(kind)]));

/** Its own plugins with work like that of the real chain. All of them are compiled from Rust, which is their fastest form. */
const plugins = [
  {
    name: 'MaskPii',
    kind: 'cpex_pii_filter.pii_filter.PIIFilterPlugin',
    hooks: ['tool_pre_invoke', 'tool_post_invoke'],
    config: detecting(['phone', 'credit_card', 'ssn', 'bank_account', 'ip_address']),
  },
  {
    name: 'SqlSanitizer',
    kind: 'cpex_sql_sanitizer.sql_sanitizer.SQLSanitizerPlugin',
    hooks: ['tool_pre_invoke'],
    config: { fields: ['query'] },
  },
  {
    name: 'FilterSecrets',
    kind: 'cpex_secrets_detection.secrets_detection.SecretsDetectionPlugin',
    hooks: ['tool_pre_invoke', 'tool_post_invoke'],
    config: { redact: true, block_on_detection: false },
  },
  {
    name: 'RedactEmails',
    kind: 'cpex_pii_filter.pii_filter.PIIFilterPlugin',
    hooks: ['tool_post_invoke'],
    config: { ...detecting(['email']), redaction_text: '[redacted]' },
  },
  {
    name: 'RateLimiter',
    kind: 'cpex_rate_limiter.rate_limiter.RateLimiterPlugin',
    hooks: ['tool_pre_invoke'],
    config: { by_user: '1000000/s' },
  },
];

const pluginFile = {
  plugin_dirs: [],
  plugin_settings: { plugin_timeout: 30, fail_on_plugin_error: true, enable_plugin_api: false },
  plugins: plugins.map((plugin, index) => ({ ...plugin, mode: 'enforce', priority: (index + 1) * 10 })),
};

/** Everything off that a call does not need: logs, metrics, authentication, middleware, and the admin interface. */
const off = [
  ...['AUTH_REQUIRED', 'MCP_REQUIRE_AUTH', 'CSRF_ENABLED', 'RATE_LIMITING_ENABLED', 'SSRF_PROTECTION_ENABLED'],
  ...['MCPGATEWAY_UI_ENABLED', 'MCPGATEWAY_ADMIN_API_ENABLED', 'MCPGATEWAY_CATALOG_ENABLED', 'MCPGATEWAY_A2A_ENABLED'],
  ...['STRUCTURED_LOGGING_ENABLED', 'OBSERVABILITY_ENABLED', 'CORRELATION_ID_ENABLED', 'COMPRESSION_ENABLED'],
  ...['SECURITY_HEADERS_ENABLED', 'CORS_ENABLED', 'HEADER_SIZE_VALIDATION_ENABLED', 'ENABLE_METRICS'],
  ...['DB_METRICS_RECORDING_ENABLED', 'METRICS_CLEANUP_ENABLED', 'METRICS_ROLLUP_ENABLED'],
  ...['CLIENT_DISCONNECT_MIDDLEWARE_ENABLED', 'USE_STATEFUL_SESSIONS', 'PASSWORD_CHANGE_ENFORCEMENT_ENABLED'],
];

const environment = (folder: string, pluginsFile: string): NodeJS.ProcessEnv => {
  const secret = () => `Aa1!${randomUUID()}`;
  return {
    PATH: process.env.PATH,
    HOME: folder,
    ...Object.fromEntries(off.map(name => [name, 'false'])),
    ...{ DATABASE_URL: `sqlite:///${join(folder, 'contextforge.db')}`, CACHE_TYPE: 'memory', REDIS_URL: '' },
    ...{ PLUGINS_ENABLED: 'true', PLUGINS_CONFIG_FILE: pluginsFile },
    ...{ ALLOW_UNAUTHENTICATED_ADMIN: 'true', ENVIRONMENT: 'development', LOG_LEVEL: 'CRITICAL' },
    ...{ DISABLE_ACCESS_LOG: 'true', JSON_RESPONSE_ENABLED: 'true', HEALTH_CHECK_INTERVAL: '3600' },
    ...{ JWT_SECRET_KEY: secret(), AUTH_ENCRYPTION_SECRET: secret(), PLATFORM_ADMIN_PASSWORD: secret() },
    ...{ BASIC_AUTH_PASSWORD: secret(), DEFAULT_USER_PASSWORD: secret() },
  };
};

/**
 * A session header that its clients may send. With it the peer keeps its connection to the upstream; without, each call
 * opens one and shakes hands, which takes several times as long. Sessions of its own would bind it to one process.
 */
export const contextForgeHeaders = { 'x-mcp-session-id': 'bench' };

/** Starts ContextForge with five of its own plugins, a worker for each processor, and the upstream registered. */
export async function startContextForge(
  upstream: string,
  folder: string,
  stop: AsyncDisposableStack,
): Promise<Running> {
  const port = await freePort();
  const file = join(folder, 'contextforge.yaml');
  await writeFile(file, stringify(pluginFile));
  const server = ['-k', 'uvicorn.workers.UvicornWorker', '-w', String(availableParallelism()), '--preload'];
  const args = [...server, '-b', `127.0.0.1:${port}`, '--log-level', 'critical', 'mcpgateway.main:app'];
  const child = spawn(gunicorn(), args, { cwd: folder, env: environment(folder, file), stdio: 'ignore' });
  stop.defer(() => end(child));
  const base = `http://127.0.0.1:${port}`;
  await untilReady(`${base}/health`, child, 'contextforge');
  const response = await fetch(`${base}/v1/gateways`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', url: upstream, transport: 'STREAMABLEHTTP', visibility: 'public' }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`contextforge does not take the upstream with ${toolName}: ${text.slice(0, 300)}`);
  return { url: `${base}/mcp`, pid: pidOf(child) };
}
