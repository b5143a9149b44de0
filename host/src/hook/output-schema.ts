import type { Json, JsonObject } from '../core/json.ts';
import { schemaError, schemaGaps } from '../core/json-schema.ts';
import type { Log } from '../core/log.ts';
import type { OutputSchemaLookup } from './hook-chain.ts';

/**
 * Why `value` does not fit the tool's `outputSchema` (MCP § Output Schema), or `undefined` when it fits. What of a schema
 * cannot be used, nothing is held to: the upstream wrote it, and no plugin is to blame for it.
 */
export function outputSchemaError(schema: JsonObject, value: Json | undefined): string | undefined {
  if (value === undefined) return 'structured-content is missing, and the tool has an output schema';
  const error = schemaError(schema, value);
  return error === undefined || 'unusable' in error
    ? undefined
    : `structured-content does not match the output schema at ${error.at}: ${error.reason}`;
}

/** What of an output schema cannot be used, each part with its place; `undefined` when there is nothing. */
export function outputSchemaGaps(schema: JsonObject): string | undefined {
  const gaps = schemaGaps(schema).map(({ at, reason }) => `${at}: ${reason}`);
  return gaps.length === 0 ? undefined : gaps.slice(0, mostGaps).join('; ');
}

/** Gaps of one schema that are logged. */
const mostGaps = 10;

/** A tool whose results must fit an output schema. */
interface CheckedTool {
  readonly upstream: string;
  readonly name: string | undefined;
  readonly schema: OutputSchemaLookup;
}

/** Different warnings about output schemas that a chain logs: an upstream may state any number of tools. */
const mostWarnings = 1_000;

/** Checks results that plugins wrote or changed against the output schemas of their tools. */
export class OutputSchemas {
  readonly #log: Log;
  readonly #warnings = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * How a result breaks the tool's output schema; undefined when it fits. Before a result is found to break it, the
   * schema is looked up again: the upstream may have changed it.
   */
  async errorOf(tool: CheckedTool, { isError, structuredContent }: JsonObject): Promise<string | undefined> {
    if (isError === true) return undefined;
    let error: string | undefined;
    for (const again of [false, true]) {
      const schema = await tool.schema(again);
      if (schema === undefined) return undefined;
      error = outputSchemaError(schema, structuredContent);
      this.#warnOfGaps(tool, schema);
      if (error === undefined) return undefined;
    }
    return error;
  }

  /** Logs once which parts of a schema cannot be used. */
  #warnOfGaps({ upstream, name: tool }: CheckedTool, schema: JsonObject): void {
    const gaps = outputSchemaGaps(schema);
    const key = JSON.stringify([upstream, tool, gaps]);
    if (gaps === undefined || this.#warnings.has(key) || this.#warnings.size >= mostWarnings) return;
    this.#warnings.add(key);
    this.#log.warn({ upstream, tool, gaps }, 'parts of an output schema cannot be used and are not checked');
  }
}
