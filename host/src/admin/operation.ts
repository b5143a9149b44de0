import type { z } from 'zod';
import type { Json } from '../core/json.ts';
import type { ManagedHost } from './managed-host.ts';

/** What a caller needs for an operation. Who may write may read. */
export type AdminScope = 'admin:read' | 'admin:write';

/** What the caller of an operation sent. */
export interface OperationInput<Query, Body> {
  /** The parts of the path in braces, decoded. */
  readonly parts: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  /** The header If-Match: the version that the caller wants to change. */
  readonly ifMatch?: string | undefined;
  /** Who calls. */
  readonly subject?: string | undefined;
}

/** What a change did, for the caller and for the audit trail. */
export interface Change<Answer> {
  readonly answer: Answer;
  readonly before?: Json | undefined;
  readonly after?: Json | undefined;
}

interface Described {
  /** The name in the OpenAPI description and in the audit trail. */
  readonly id: string;
  /** Begins with `/admin`; `{name}` stands for one segment. */
  readonly path: string;
  /** One sentence. */
  readonly summary: string;
}

/** An operation of the management API: everything that is known of it, from which routes and description are made. */
export interface Operation extends Described {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly scope: AdminScope;
  readonly query?: z.ZodObject;
  /** Absent if the operation takes no body. */
  readonly body?: z.ZodType;
  /** Whether the header If-Match counts. */
  readonly isConditional?: boolean;
  /** If it has a member `etag`, the header ETag has the same. */
  readonly answer: z.ZodType;
  /** @throws Fault, Faults */
  run(host: ManagedHost, input: OperationInput<unknown, unknown>): Promise<Change<unknown>>;
}

/** Declares an operation that changes nothing. */
export function defineReading<Answer extends z.ZodType, Query extends z.ZodObject = z.ZodObject<Record<string, never>>>(
  declared: Described & {
    readonly query?: Query;
    readonly answer: Answer;
    run(
      host: ManagedHost,
      input: OperationInput<z.output<Query>, undefined>,
    ): z.input<Answer> | Promise<z.input<Answer>>;
  },
): Operation {
  return {
    ...declared,
    method: 'GET',
    scope: 'admin:read',
    run: async (host, input) => ({
      answer: await declared.run(host, input as OperationInput<z.output<Query>, undefined>),
    }),
  };
}

/** Declares an operation that changes something. Each call is written to the audit trail, whether it succeeds or not. */
export function defineChange<
  Answer extends z.ZodType,
  Body extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodObject = z.ZodObject<Record<string, never>>,
>(
  declared: Described &
    Pick<Operation, 'isConditional'> & {
      readonly method: 'POST' | 'PUT' | 'DELETE';
      readonly query?: Query;
      readonly body?: Body;
      readonly answer: Answer;
      run(
        host: ManagedHost,
        input: OperationInput<z.output<Query>, z.output<Body>>,
      ): Change<z.input<Answer>> | Promise<Change<z.input<Answer>>>;
    },
): Operation {
  return {
    ...declared,
    scope: 'admin:write',
    run: async (host, input) => declared.run(host, input as OperationInput<z.output<Query>, z.output<Body>>),
  };
}
