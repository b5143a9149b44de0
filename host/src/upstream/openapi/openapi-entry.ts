import type { JsonObject } from '../../core/json.ts';

/** `openapi` of an upstream in sallyport.yaml. */
export interface OpenapiEntry {
  /** A URL, the path of a file, or the document itself. */
  readonly document: string | JsonObject;
  /** The digest of the only document that is accepted. */
  readonly digest?: string | undefined;
  /** Replaces the servers of the document. */
  readonly base_url?: string | undefined;
  /** Values of variables in the URLs of servers. */
  readonly variables: Readonly<Record<string, string>>;
  /** Origins, in addition to that of the API, that operations may be sent to, if the document says so. */
  readonly origins: readonly string[];
  /** Networks, in CIDR form, that may be reached although they are not public. */
  readonly allow_private: readonly string[];
  /** Sent with each request. */
  readonly headers: Readonly<Record<string, string>>;
  /** The name of a secret for each security scheme of the document. */
  readonly security: Readonly<Record<string, string>>;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly names: Readonly<Record<string, string>>;
  /** What happens to operations with problems. */
  readonly on_problem: 'refuse' | 'skip';
  /** Whether tools have output schemas, with which answers are compared. */
  readonly output_schemas: boolean;
  /** Whether operations that only read are resources too. */
  readonly resources: boolean;
  /** How often an idempotent request is sent again. */
  readonly retries: number;
  /** Milliseconds between two looks for a new document; 0 for none. */
  readonly poll_ms: number;
}
