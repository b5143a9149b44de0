/** The API of a real application through the gateway, each operation compared with the same request sent directly. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect, onTestFinished } from 'vitest';
import { silentLog } from '../../host/src/core/log.ts';
import { createHost } from '../../host/src/host/create-host.ts';
import { keep } from '../fixtures/keep.ts';
import { root } from '../fixtures/markdown.ts';
import { startPrefect } from '../fixtures/prefect-server.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { itWith } from '../prerequisite.ts';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Body = Json | undefined;
type Side = 'direct' | 'gatewy';
/** What one side has created, by name. */
type Ids = Record<string, string>;

interface Described {
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly queries: readonly string[];
  readonly hasBody: boolean;
}

const now = '2026-01-01T00:00:00+00:00';
const trigger = { type: 'event', posture: 'Reactive', expect: ['a.b'], threshold: 1, within: 0 };
const automation = (side: Side) => ({ name: `automation-${side}`, trigger, actions: [{ type: 'do-nothing' }] });
const running = { type: 'RUNNING', name: 'Running' };

/** What is created first, in this order, with the name under which its id is kept. */
const creations: readonly (readonly [key: string, id: string | undefined, body: (side: Side, ids: Ids) => Json])[] = [
  ['POST /flows/', 'flow', side => ({ name: `flow-${side}` })],
  ['POST /flow_runs/', 'flowRun', (side, ids) => ({ flow_id: ids.flow ?? '', name: `run-${side}`, state: running })],
  [
    'POST /task_runs/',
    'taskRun',
    (side, ids) => ({
      task_key: 't',
      dynamic_key: '0',
      flow_run_id: ids.flowRun ?? '',
      name: `task-${side}`,
      state: running,
    }),
  ],
  ['POST /work_pools/', 'pool', side => ({ name: `pool-${side}`, type: 'process' })],
  ['POST /work_pools/{work_pool_name}/queues', undefined, side => ({ name: `poolqueue-${side}` })],
  ['POST /work_queues/', 'queue', side => ({ name: `queue-${side}` })],
  ['POST /work_pools/{work_pool_name}/workers/heartbeat', undefined, side => ({ name: `worker-${side}` })],
  ['POST /deployments/', 'deployment', (side, ids) => ({ name: `deployment-${side}`, flow_id: ids.flow ?? '' })],
  [
    'POST /deployments/{id}/schedules',
    'schedule',
    () => [{ schedule: { interval: 3600, anchor_date: now }, active: false }],
  ],
  ['PUT /saved_searches/', 'search', side => ({ name: `search-${side}` })],
  [
    'POST /logs/',
    undefined,
    (side, ids) => [
      { name: 'log', level: 20, message: `hello ${side}`, timestamp: now, flow_run_id: ids.flowRun ?? '' },
    ],
  ],
  ['POST /concurrency_limits/', 'limit', side => ({ tag: `tag-${side}`, concurrency_limit: 2 })],
  ['POST /v2/concurrency_limits/', 'limit2', side => ({ name: `limit-${side}`, limit: 5 })],
  ['POST /block_types/', 'blockType', side => ({ name: `Type ${side}`, slug: `type-${side}` })],
  [
    'POST /block_schemas/',
    'blockSchema',
    (side, ids) => ({
      block_type_id: ids.blockType ?? '',
      fields: { title: side, type: 'object', properties: { a: { type: 'string' } } },
    }),
  ],
  [
    'POST /block_documents/',
    'blockDocument',
    (side, ids) => ({
      name: `block-${side}`,
      data: { a: 'x' },
      block_type_id: ids.blockType ?? '',
      block_schema_id: ids.blockSchema ?? '',
    }),
  ],
  ['POST /artifacts/', 'artifact', side => ({ key: `artifact-${side}`, type: 'markdown', data: '# hi' })],
  ['POST /variables/', 'variable', side => ({ name: `variable_${side}`, value: { a: 1 } })],
  ['POST /automations/', 'automation', side => automation(side)],
  ['POST /flow_runs/{id}/input', undefined, side => ({ key: `input-${side}`, value: '{}' })],
  [
    'POST /events',
    undefined,
    side => [
      {
        occurred: now,
        event: `event.${side}`,
        resource: { 'prefect.resource.id': `r.${side}` },
        id: side === 'direct' ? '0b3c1a5e-0000-4000-8000-000000000001' : '0b3c1a5e-0000-4000-8000-000000000002',
      },
    ],
  ],
];

/** Bodies of other operations that need one with members. */
const bodies: Readonly<Record<string, (side: Side, ids: Ids) => Json>> = {
  'PATCH /flows/{id}': () => ({ tags: ['x'] }),
  'PATCH /flow_runs/{id}': () => ({ tags: ['x'] }),
  'PATCH /flow_runs/{id}/labels': () => ({ team: 'a' }),
  'POST /flow_runs/{id}/set_state': () => ({ state: { type: 'COMPLETED' }, force: true }),
  'POST /flow_runs/bulk_set_state': () => ({ flow_runs: { id: { any_: [] } }, state: { type: 'COMPLETED' } }),
  'POST /flow_runs/history': () => ({
    history_start: now,
    history_end: '2026-01-02T00:00:00Z',
    history_interval_seconds: 43200,
  }),
  'POST /flow_runs/{id}/input/filter': () => ({ prefix: 'input' }),
  'PATCH /task_runs/{id}': side => ({ name: `task2-${side}` }),
  'POST /task_runs/{id}/set_state': () => ({ state: { type: 'COMPLETED' }, force: true }),
  'POST /task_runs/history': () => ({
    history_start: now,
    history_end: '2026-01-02T00:00:00Z',
    history_interval_seconds: 43200,
  }),
  'PATCH /deployments/{id}': () => ({ tags: ['x'] }),
  'POST /deployments/get_scheduled_flow_runs': (_, ids) => ({ deployment_ids: [ids.deployment ?? ''] }),
  'POST /deployments/{id}/create_flow_run': side => ({ name: `run2-${side}` }),
  'POST /deployments/{id}/create_flow_run/bulk': side => [{ name: `run3-${side}` }],
  'PATCH /deployments/{id}/schedules/{schedule_id}': () => ({ active: true }),
  'POST /concurrency_limits/increment': side => ({
    names: [`tag-${side}`],
    task_run_id: '0b3c1a5e-0000-4000-8000-000000000003',
  }),
  'POST /concurrency_limits/decrement': side => ({
    names: [`tag-${side}`],
    task_run_id: '0b3c1a5e-0000-4000-8000-000000000003',
  }),
  'PATCH /v2/concurrency_limits/{id_or_name}': () => ({ limit: 6 }),
  'POST /v2/concurrency_limits/increment': side => ({ slots: 1, names: [`limit-${side}`], mode: 'concurrency' }),
  'POST /v2/concurrency_limits/decrement': side => ({ slots: 1, names: [`limit-${side}`], occupancy_seconds: 0.5 }),
  'POST /v2/concurrency_limits/increment-with-lease': side => ({
    slots: 1,
    names: [`limit-${side}`],
    mode: 'concurrency',
    lease_duration: 60,
  }),
  'POST /v2/concurrency_limits/decrement-with-lease': (_, ids) => ({ lease_id: ids.lease ?? '' }),
  'POST /v2/concurrency_limits/leases/{lease_id}/renew': () => ({ lease_duration: 60 }),
  'PATCH /block_types/{id}': () => ({ description: 'd' }),
  'PATCH /block_documents/{id}': () => ({ data: { a: 'y' } }),
  'PATCH /work_pools/{name}': () => ({ description: 'd' }),
  'POST /work_pools/{name}/get_scheduled_flow_runs': () => ({}),
  'PATCH /work_pools/{work_pool_name}/queues/{name}': () => ({ description: 'd' }),
  'POST /work_pools/{work_pool_name}/queues/filter': () => ({}),
  'PATCH /work_queues/{id}': () => ({ description: 'd' }),
  'POST /work_queues/{id}/get_runs': () => ({}),
  'PATCH /artifacts/{id}': () => ({ data: '# ho' }),
  'PATCH /variables/{id}': () => ({ value: 2 }),
  'PATCH /variables/name/{name}': () => ({ value: 3 }),
  'POST /events/filter': () => ({ limit: 50 }),
  'POST /events/count-by/{countable}': () => ({ filter: {} }),
  'PUT /automations/{id}': side => automation(side),
  'PATCH /automations/{id}': () => ({ enabled: false }),
  'POST /templates/validate': () => '{{ x }}',
  'POST /automations/templates/validate': () => '{{ x }}',
  'POST /ui/flows/count-deployments': (_, ids) => ({ flow_ids: [ids.flow ?? ''] }),
  'POST /ui/flows/next-runs': (_, ids) => ({ flow_ids: [ids.flow ?? ''] }),
  'POST /ui/flow_runs/count-task-runs': (_, ids) => ({ flow_run_ids: [ids.flowRun ?? ''] }),
  'POST /ui/schemas/validate': () => ({ schema: { type: 'object' }, values: {} }),
  'POST /ui/task_runs/dashboard/counts': () => ({
    task_runs: { start_time: { after_: '2026-01-01T00:00:00Z', before_: '2026-01-02T00:00:00Z' } },
  }),
  'POST /flows/bulk_delete': () => ({ flows: { id: { any_: [] } } }),
  'POST /flow_runs/bulk_delete': () => ({ flow_runs: { id: { any_: [] } } }),
  'POST /deployments/bulk_delete': () => ({ deployments: { id: { any_: [] } } }),
  'PUT /admin/storage': (_, ids) => ({ default_result_storage_block_id: ids.blockDocument ?? '' }),
};

/** Names of what was created, where a path has a name and not an id. */
const idNames: Readonly<Record<string, string>> = {
  flows: 'flow',
  flow_runs: 'flowRun',
  task_runs: 'taskRun',
  deployments: 'deployment',
  saved_searches: 'search',
  concurrency_limits: 'limit',
  block_types: 'blockType',
  block_schemas: 'blockSchema',
  block_documents: 'blockDocument',
  work_queues: 'queue',
  artifacts: 'artifact',
  variables: 'variable',
  automations: 'automation',
  flow_run_states: 'flowRunState',
  task_run_states: 'taskRunState',
};

function pathValue(path: string, name: string, side: Side, ids: Ids): string {
  const segments = path.split('/').slice(1);
  const resource = segments[0] === 'ui' ? (segments[1] ?? '') : (segments[0] ?? '');
  if (name === 'id') return ids[idNames[resource] ?? ''] ?? '';
  const named: Readonly<Record<string, string>> = {
    schedule_id: ids.schedule ?? '',
    lease_id: ids.lease ?? '0b3c1a5e-0000-4000-8000-000000000009',
    id_or_name: `limit-${side}`,
    flow_name: `flow-${side}`,
    deployment_name: `deployment-${side}`,
    work_pool_name: `pool-${side}`,
    slug: `type-${side}`,
    block_document_name: `block-${side}`,
    tag: `tag-${side}`,
    key: path.startsWith('/artifacts') ? `artifact-${side}` : `input-${side}`,
    checksum: ids.checksum ?? '',
    view: 'aggregate-worker-metadata',
    countable: 'event',
    resource_id: `prefect.flow.${ids.flow}`,
  };
  if (name !== 'name') return named[name] ?? 'x';
  if (resource === 'flows') return `flow-${side}`;
  if (resource === 'variables') return `variable_${side}`;
  if (resource === 'work_queues') return `queue-${side}`;
  if (path.includes('/workers/')) return `worker-${side}`;
  return path.includes('/queues/') ? `poolqueue-${side}` : `pool-${side}`;
}

const queryValues = (ids: Ids): Readonly<Record<string, string>> => ({
  flow_run_id: ids.flowRun ?? '',
  task_run_id: ids.taskRun ?? '',
  client: 'x',
  'page-token': 'eA==',
});

interface Called {
  readonly content: readonly { readonly text: string }[];
  readonly isError?: boolean;
  readonly _meta?: { readonly 'sallyport/http'?: { readonly status: number } };
}

interface Answered {
  readonly status: number;
  readonly text: string;
  /** Whether the gateway reported that the answer breaks its schema. */
  readonly breaksSchema?: boolean;
}

/** Replaces what differs between two equal calls: ids, times, and the names of the two sides. */
const normalised = (text: string): string =>
  text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID')
    .replace(/sha256:[0-9a-f]{64}/g, 'SUM')
    .replace(/"\d{4}-\d\d-\d\d[T ][^"]*"/g, '"TIME"')
    .replace(/direct|gatewy/g, 'SIDE')
    .replace(/("(?:estimated_[a-z_]+|[a-z_]*lateness|average_lateness|total_run_time|mean)"): ?[-\d.e]+/g, '$1:0')
    .replace(/"token": ?"[^"]*"/g, '"token":"T"')
    // The server counts it up.
    .replace(/"priority":\d+/, '"priority":0');

const isRead = ({ method, path }: Described): boolean =>
  method === 'GET' ||
  /\/(filter|count|paginate|history|lateness|validate|counts|next-runs|count-[a-z-]+|get_runs|get_scheduled_flow_runs|concurrency_status|count-by\/\{countable\})$/.test(
    path,
  );

itWith('prefect')(
  '[OAS-21] every operation of Prefect, a real application, answers through the gateway as it does directly',
  { timeout: 600_000 },
  async () => {
    const { api, document } = await startPrefect();
    const described = await operationsOf(document);
    const config = {
      cache_dir: await temporaryFolder(),
      upstreams: [{ id: 'prefect', openapi: { document, base_url: api } }],
      bindings: [{ id: 'main', upstreams: ['prefect'] }],
    };
    const host = keep(await createHost(config, { log: silentLog() }));
    const { url } = await host.server.listen({ host: '127.0.0.1', port: 0 });
    const client = new Client({ name: 'test', version: '1' });
    onTestFinished(() => client.close());
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
    const { tools } = await client.listTools();
    expect(tools).toHaveLength(described.length);

    const direct = async (operation: Described, side: Side, ids: Ids, body: Body): Promise<Answered> => {
      const path = operation.path.replace(/\{(\w+)\}/g, (_, name) =>
        encodeURIComponent(pathValue(operation.path, name, side, ids)),
      );
      const query = new URLSearchParams(
        operation.queries.map((name): [string, string] => [name, queryValues(ids)[name] ?? 'x']),
      );
      const response = await fetch(`${api}${path}${query.size > 0 ? `?${query}` : ''}`, {
        method: operation.method,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      return { status: response.status, text: await response.text() };
    };
    const through = async (operation: Described, side: Side, ids: Ids, body: Body): Promise<Answered> => {
      const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
      const values = {
        ...Object.fromEntries(names.map(name => [name, pathValue(operation.path, name, side, ids)])),
        ...Object.fromEntries(operation.queries.map(name => [name, queryValues(ids)[name] ?? 'x'])),
        ...(body !== undefined && { body }),
      };
      const name = tools[described.indexOf(operation)]?.name ?? '';
      // The client refuses structured content that does not match the output schema.
      const result = (await client.callTool({ name, arguments: values })) as unknown as Called;
      const status = result._meta?.['sallyport/http']?.status ?? 0;
      const breaksSchema = result.isError === true && status > 0 && status < 400;
      const { text } = result.content[breaksSchema ? 1 : 0] ?? { text: '' };
      const error = /^HTTP status \d+(?:: |$)/;
      return { status, breaksSchema, text: /^HTTP status \d+, without/.test(text) ? '' : text.replace(error, '') };
    };

    const ids: Record<Side, Ids> = { direct: {}, gatewy: {} };
    const report: { operation: string; direct: number; gateway: number; equal: boolean; note: string }[] = [];
    const run = async (operation: Described, bodyOf?: (side: Side, ids: Ids) => Json, id?: string) => {
      const body = (side: Side): Body => bodyOf?.(side, ids[side]) ?? (operation.hasBody ? {} : undefined);
      const other: Side = isRead(operation) ? 'direct' : 'gatewy';
      const one = await direct(operation, 'direct', ids.direct, body('direct'));
      const two = await through(operation, other, ids[other], body(other));
      const equal = one.status === two.status && normalised(one.text.trim()) === normalised(two.text.trim());
      const note = two.breaksSchema
        ? 'breaks its schema'
        : equal
          ? ''
          : `${one.text.slice(0, 300)} | ${two.text.slice(0, 300)}`;
      report.push({ operation: operation.key, direct: one.status, gateway: two.status, equal, note });
      for (const [side, answer] of [
        ['direct', one],
        ['gatewy', two],
      ] as const)
        learn(ids[side], id, answer.text, operation);
    };
    const of = (key: string) => described.find(each => each.key === key);
    const created = creations.map(([key]) => key);
    for (const [key, id, body] of creations) {
      const operation = of(key);
      if (operation !== undefined) await run(operation, body, id);
    }
    const isDelete = ({ method, path }: Described) => method === 'DELETE' || path.endsWith('bulk_delete');
    const others = described.filter(each => !created.includes(each.key));
    // What is deleted last is what others need.
    for (const operation of others.filter(each => !isDelete(each))) await run(operation, bodies[operation.key]);
    for (const operation of others.filter(isDelete).toReversed()) await run(operation, bodies[operation.key]);

    await writeReport(report);
    expect(report).toHaveLength(described.length);
    expect(report.filter(({ equal }) => !equal)).toEqual([]);
    expect(report.filter(({ direct: status }) => status < 400).length).toBeGreaterThan(150);
  },
);

function learn(ids: Ids, id: string | undefined, text: string, { key }: Described): void {
  if (!text.startsWith('{') && !text.startsWith('[')) return;
  const value = JSON.parse(text);
  const made = Array.isArray(value) ? value[0] : value;
  if (id !== undefined && made?.id !== undefined) ids[id] = made.id;
  if (made?.lease_id !== undefined) ids.lease = made.lease_id;
  if (key === 'POST /block_schemas/') ids.checksum = made.checksum;
  if (key === 'POST /flow_runs/') ids.flowRunState = made.state_id ?? made.state?.id;
  if (key === 'POST /task_runs/') ids.taskRunState = made.state_id ?? made.state?.id;
}

/** Reads the operations of a document in the order of the gateway's list. */
async function operationsOf(url: string): Promise<readonly Described[]> {
  const { paths } = (await (await fetch(url)).json()) as {
    paths: Record<
      string,
      Record<
        string,
        { parameters?: { name: string; in: string; required?: boolean }[]; requestBody?: { required?: boolean } }
      >
    >;
  };
  const order = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];
  return Object.entries(paths).flatMap(([path, item]) =>
    order.flatMap(method => {
      const operation = item[method];
      if (operation === undefined) return [];
      const queries = (operation.parameters ?? [])
        .filter(each => each.in === 'query' && each.required)
        .map(({ name }) => name);
      return {
        key: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        queries,
        hasBody: operation.requestBody !== undefined,
      };
    }),
  );
}

async function writeReport(
  report: readonly {
    readonly operation: string;
    readonly direct: number;
    readonly gateway: number;
    readonly equal: boolean;
    readonly note: string;
  }[],
): Promise<void> {
  const file = join(root, '.sallyport/openapi-report.txt');
  await mkdir(dirname(file), { recursive: true });
  const lines = report.map(
    ({ operation, direct, gateway, equal, note }) =>
      `${equal ? 'equal' : 'DIFFERS'} ${direct} ${gateway} ${operation}${note === '' ? '' : ` (${note})`}`,
  );
  await writeFile(file, `${lines.join('\n')}\n`);
}
