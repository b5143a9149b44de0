import type { JsonObject } from '../../../core/json.ts';

/** Where a parameter is sent. `querystring` is the whole query (OpenAPI 3.2). */
export type ParameterPlace = 'path' | 'query' | 'querystring' | 'header' | 'cookie';

/** How the value of a parameter, or of a field of a form, is written (OpenAPI § Style Values). */
export type Style =
  | 'simple'
  | 'label'
  | 'matrix'
  | 'form'
  | 'spaceDelimited'
  | 'pipeDelimited'
  | 'deepObject'
  | 'cookie';

export interface ValueStyle {
  readonly style: Style;
  readonly explode: boolean;
  /** Whether reserved characters of URLs are written as they are. */
  readonly allowReserved: boolean;
}

export interface Parameter {
  /** The name of the argument, which differs from `name` where two parameters have the same. */
  readonly argument: string;
  readonly name: string;
  readonly place: ParameterPlace;
  readonly required: boolean;
  /** How it is written, unless it has a media type. */
  readonly style: ValueStyle;
  /** Its media type; absent for most. */
  readonly contentType?: string;
}

/** How the body is written. */
export type BodyForm = 'json' | 'urlencoded' | 'multipart' | 'text' | 'binary';

/** How a field of a form is written. */
export interface Field {
  readonly contentType?: string;
  readonly style?: ValueStyle;
  /** Whether the argument is base64 of what is sent. */
  readonly isBinary: boolean;
}

export interface Body {
  readonly argument: string;
  readonly required: boolean;
  readonly contentType: string;
  readonly form: BodyForm;
  readonly fields: ReadonlyMap<string, Field>;
}

/** The result of an operation as its document describes it. */
export interface Output {
  /** The schema of the structured content, if it has one. */
  readonly schema?: JsonObject;
  /** Whether the value is the member `result` of the structured content, because it need not be an object. */
  readonly isWrapped: boolean;
  /** The media types of successful answers, best first. */
  readonly accept: readonly string[];
}

/** One operation of an API, and the tool that it becomes. */
export interface Operation {
  /** The method and path: `GET /pets/{id}`. */
  readonly key: string;
  readonly operationId?: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly tags: readonly string[];
  /** The name of the tool. */
  readonly name: string;
  readonly title?: string | undefined;
  readonly description: string;
  readonly parameters: readonly Parameter[];
  readonly body?: Body | undefined;
  readonly input: JsonObject;
  readonly output: Output;
  /** The alternatives of security schemes, each of which has to be satisfied as a whole. */
  readonly security: readonly (readonly string[])[];
  /** Servers of the operation, or of its path, instead of those of the document. */
  readonly servers?: readonly JsonObject[] | undefined;
}

/** An operation that can be called: where it is sent, and its tool. */
export interface ApiOperation {
  readonly operation: Operation;
  /** The URL of its server, without a slash at the end. */
  readonly base: string;
  readonly tool: JsonObject;
}
