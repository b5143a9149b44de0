import type { Json, JsonObject } from '../core/json.ts';
import { schemaError, schemaGaps } from '../core/json-schema.ts';
import type { Log } from '../core/log.ts';
import type { OutputSchemaLookup } from './hook-chain.ts';

/**
 * Returns why `value` does not match the tool's `outputSchema` (MCP § Output Schema), or `undefined` if it does.
 * Unusable parts of a schema are ignored, because the upstream wrote them and no plugin is to blame.
 */
export function outputSchemaError(schema: JsonObject, value: Json | undefined): string | undefined {
  if (value === undefined) return 'structured-content is missing, but the tool has an output schema';
  const error = schemaError(schema, value);
  return error === undefined || 'unusable' in error
    ? undefined
    : `structured-content does not match the output schema at ${error.at}: ${error.reason}`;
}

/** Lists the unusable parts of an output schema, each with its place; `undefined` if there are none. */
export function outputSchemaGaps(schema: JsonObject): string | undefined {
  const gaps = schemaGaps(schema).map(({ at, reason }) => `${at}: ${reason}`);
  return gaps.length === 0 ? undefined : gaps.slice(0, mostGaps).join('; ');
}

/** The maximum number of logged gaps of one schema. */
const mostGaps = 10;

/** A tool whose results must match an output schema. */
interface CheckedTool {
  readonly upstream: string;
  readonly name: string | undefined;
  readonly schema: OutputSchemaLookup;
}

/**
 * The maximum number of different warnings about output schemas per chain, because an upstream may have any number of
 * tools.
 */
const mostWarnings = 1_000;

/** Checks results that plugins created or changed against the output schemas of their tools. */
export class OutputSchemas {
  readonly #log: Log;
  readonly #warnings = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Returns how a result violates the tool's output schema; undefined if it matches. Before a violation is reported,
   * the schema is looked up again, because the upstream may have changed it.
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
