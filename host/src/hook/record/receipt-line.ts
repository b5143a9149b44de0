import type { CallingMode } from '../../contract/hook-policy.ts';
import type { JsonObject } from '../../core/json.ts';
import { countedOutcome, type Receipt } from '../receipt.ts';
import { type ChangedPaths, changedPaths } from './changed-paths.ts';
import type { KeyedHashes } from './keyed-hash.ts';
import { type ListedTool, requestMembers } from './named-members.ts';
import type { ReceiptLine } from './receipt-schema.ts';

/** What a plugin did to a value, with what it was about. */
export interface Change {
  readonly before: JsonObject;
  readonly after: JsonObject;
  /** The tools that the values are about, as their upstream lists them. */
  readonly tools: readonly ListedTool[];
  /** Whether the values are too large to be compared on the gateway's thread. */
  readonly isLarge?: boolean;
}

/** One hook call, as it is kept until its receipt is written. */
export interface HookCallRecord {
  readonly receipt: Receipt;
  /** When it ended, in milliseconds since the epoch. */
  readonly endedMs: number;
  readonly request: string;
  /** Its number within the request; absent in shadow, beside the request. */
  readonly call?: number | undefined;
  readonly corrects?: number | undefined;
  readonly binding: string;
  readonly upstream: string;
  readonly tenant?: string | undefined;
  readonly subject?: string | undefined;
  readonly method: string;
  readonly tool?: string | undefined;
  readonly version?: string | undefined;
  readonly digest?: string | undefined;
  readonly change?: Change | undefined;
  /** The answer instead of the upstream's. */
  readonly answer?: JsonObject | undefined;
}

/** Codes that plugins give to their blocks. Anything else could be content. */
const codePattern = /^[A-Za-z0-9_.:/-]{1,64}$/;
const enforcing: CallingMode = 'enforce';

/**
 * Returns the receipt of a hook call as it is written: hashes and names, and nothing of the values. Members that do not
 * apply are undefined.
 */
export function lineOf(record: HookCallRecord, hashes: KeyedHashes) {
  const { receipt, request, call, corrects, binding, upstream, tenant, subject, method, change, answer } = record;
  const { plugin, hook, mode = enforcing, wallMs, cpuMs, fuel, hostCalls } = receipt;
  const changed = change && pathsOf(change);
  return {
    v: 1,
    time: new Date(record.endedMs).toISOString(),
    request,
    call,
    corrects,
    binding,
    upstream,
    tenant,
    subject: subject === undefined ? undefined : hashes.ofSubject(subject, tenant),
    method,
    tool: record.tool,
    hook,
    plugin,
    version: record.version,
    digest: record.digest,
    mode,
    outcome: receipt.outcome === 'failed' ? 'failed' : countedOutcome(receipt),
    cause: receipt.outcome === 'failed' ? receipt.cause : undefined,
    code: receipt.outcome === 'block' ? shownCode(receipt.violation.code) : undefined,
    wall_ms: rounded(wallMs),
    cpu_ms: cpuMs === undefined ? undefined : rounded(cpuMs),
    fuel,
    host_calls: hostCalls,
    before: change && hashes.ofValue(change.before, tenant),
    after: change && hashes.ofValue(change.after, tenant),
    paths: changed?.paths,
    more_paths: changed?.hasMore === true ? true : undefined,
    answer: answer && hashes.ofValue(answer, tenant),
    key: hashes.keyId,
  } satisfies { readonly [M in keyof ReceiptLine]?: unknown };
}

const pathsOf = ({ before, after, tools, isLarge = false }: Change): ChangedPaths =>
  isLarge ? notCompared : changedPaths(before, after, requestMembers(tools));

const notCompared: ChangedPaths = { paths: [], hasMore: true };

const shownCode = (code: string): string => (codePattern.test(code) ? code : '*');

const rounded = (ms: number): number => Math.max(0, Math.round(ms * 1000) / 1000);
