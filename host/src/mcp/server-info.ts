import type { JsonObject } from '../core/json.ts';

/** What an MCP server says about itself, in whichever handshake it speaks. */
export interface ServerInfo {
  /** The revision of MCP that was agreed on. */
  readonly revision: string;
  /** Name and version of the server (`Implementation` in the specification). */
  readonly implementation: JsonObject;
  readonly capabilities: JsonObject;
  readonly instructions?: string;
}
