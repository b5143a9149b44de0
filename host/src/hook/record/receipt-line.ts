import type { CallingMode } from '../../contract/hook-policy.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { JsonObject } from '../../core/json.ts';
import { countedOutcome, type Receipt } from '../receipt.ts';
import { changedPaths } from './changed-paths.ts';
import type { KeyedHash, KeyedHashes } from './keyed-hash.ts';
import { type ListedTool, requestMembers } from './named-members.ts';
import type { ReceiptLine } from './receipt-schema.ts';

/** What a plugin did to a value, with what it was about. */
export interface Change {
  readonly before: JsonObject;
  readonly after: JsonObject;
  /** The tools that the values are about, as their upstream lists them. */
  readonly tools: readonly ListedTool[];
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
  readonly version?: string | undefined;
  readonly digest?: string | undefined;
  readonly change?: Change | undefined;
  /** The answer in place of the upstream's. */
  readonly answer?: JsonObject | undefined;
}

/** Codes that plugins give to their blocks. Anything else could be content. */
const codePattern = /^[A-Za-z0-9_.:/-]{1,64}$/;
const enforcing: CallingMode = 'enforce';

/** Returns the receipt of a hook call as it is written: hashes and names, and nothing of the values. */
export function lineOf(record: HookCallRecord, hashes: KeyedHashes): ReceiptLine {
  const { receipt, endedMs, request, call, corrects, binding, upstream, tenant, subject, method } = record;
  const { plugin, hook, mode = enforcing, wallMs, cpuMs, fuel, hostCalls } = receipt;
  const { version, digest, change, answer } = record;
  const hash = (value: JsonObject) => hashOf(value, tenant, hashes);
  return defined({
    ...{ v: 1, time: new Date(endedMs).toISOString(), request, call, corrects, binding, upstream, tenant },
    ...{ subject: subject === undefined ? undefined : hashes.of('subject', tenant, subject), method },
    ...{ hook, plugin, version, digest, mode, ...outcomeOf(receipt) },
    ...{ wall_ms: rounded(wallMs), cpu_ms: cpuMs && rounded(cpuMs), fuel, host_calls: hostCalls },
    ...(change !== undefined && {
      ...{ before: hash(change.before), after: hash(change.after) },
      ...pathsOf(change),
    }),
    ...(answer !== undefined && { answer: hash(answer) }),
    key: hashes.keyId,
  });
}

function outcomeOf(receipt: Receipt): Pick<ReceiptLine, 'outcome' | 'cause' | 'code'> {
  if (receipt.outcome === 'failed') return { outcome: 'failed', cause: receipt.cause };
  const outcome = countedOutcome(receipt);
  if (receipt.outcome !== 'block') return { outcome };
  const { code } = receipt.violation;
  return { outcome, code: codePattern.test(code) ? code : '*' };
}

function pathsOf({ before, after, tools }: Change): Pick<ReceiptLine, 'paths' | 'more_paths'> {
  const { paths, hasMore } = changedPaths(before, after, requestMembers(tools));
  return { paths: [...paths], ...(hasMore && { more_paths: true }) };
}

/** Hashes a value as canonical JSON; undefined if it is nested too deeply to be written. */
function hashOf(value: JsonObject, tenant: string | undefined, hashes: KeyedHashes): KeyedHash | undefined {
  try {
    return hashes.of('value', tenant, canonicalJson(value));
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

const rounded = (ms: number): number => Math.max(0, Math.round(ms * 1000) / 1000);

/** Removes the members that are undefined. */
const defined = <T extends object>(line: { readonly [K in keyof T]: T[K] }): T =>
  Object.fromEntries(Object.entries(line).filter(([, member]) => member !== undefined)) as T;
