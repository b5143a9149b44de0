import type { HookCall, PluginDetails } from '@sallyport/host/admin';
import { columns } from './columns.ts';

/** The latest calls that are shown to people. */
const shownCalls = 10;

/** Describes everything about a plugin, as lines of `name: value`. */
export function describePlugin(plugin: PluginDetails): string {
  const { id, version, kind, mode, priority, isolation, health, provenance, asked, granted, refused, stats } = plugin;
  const lines: Record<string, string | undefined> = {
    plugin: `${id} ${version}, ${kind}`,
    author: plugin.author,
    bindings: plugin.bindings.join(' '),
    mode: `${mode}, priority ${priority}, isolation ${isolation}`,
    state: stateText(health),
    from: provenance.reference,
    digest: provenance.digest,
    verified: provenance.verified,
    hooks: asked.hooks.join(' '),
    asked: asked.capabilities.join(' '),
    granted: granted.join(' '),
    refused: refused.join(' ') || undefined,
    limits: countsLine(plugin.limits),
    tenants: plugin.tenants.map(({ tenant, members }) => `${tenant} (${members.join(' ')})`).join(', ') || undefined,
    calls: `${stats.calls} since ${stats.since}, ${stats.wall_ms.toFixed(0)} ms, CPU ${stats.cpu_ms.toFixed(0)} ms`,
    times: stats.hooks.map(timesText).join(', ') || undefined,
    errors: countsLine(stats.errors) || undefined,
    violations: countsLine(stats.violations) || undefined,
    memory: `${(stats.memory.bytes / 2 ** 20).toFixed(1)} MiB, ${(stats.memory.max_bytes / 2 ** 20).toFixed(1)} MiB at most`,
  };
  const described = Object.entries(lines).flatMap(([name, text]) =>
    text === undefined ? [] : [`${name}: ${text || '-'}`],
  );
  return [...described, '', callsTable(plugin.recent.slice(0, shownCalls))].join('\n');
}

const stateText = ({ state, since, cause }: PluginDetails['health']): string =>
  [state, since === undefined ? '' : ` since ${since}`, cause === undefined ? '' : ` (${cause})`].join('');

const timesText = ({ hook, p50_ms: half, p95_ms: most, p99_ms: nearlyAll }: PluginDetails['stats']['hooks'][number]) =>
  `${hook} p50 ${half} ms p95 ${most} ms p99 ${nearlyAll} ms`;

const countsLine = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

const callsTable = (calls: readonly HookCall[]) =>
  columns(
    ['LATEST CALLS', 'HOOK', 'OUTCOME', 'MS', 'REQUEST'],
    calls.map(({ time, hook, outcome, cause, code, ms, request }) => [
      ...[time, hook, [outcome, cause ?? code].filter(Boolean).join(' '), String(ms), request],
    ]),
    'no calls yet',
  );
