import { z } from 'zod';
import type { Caller } from '../contract/hook-call.ts';
import type { Hear, Serve } from './capability.ts';
import type { Facilities } from './facilities.ts';

/** What a canned capability can use, for one case. */
export interface CannedContext {
  readonly plugin: string;
  readonly tenant: string | undefined;
  /** The wall and the monotonic time of the case in milliseconds, in shared memory. */
  readonly time: Float64Array;
  /** Whether a value is what the case expects. JSON is compared as JSON, however it is written. */
  matches(expected: unknown, actual: unknown): boolean;
  /** Converts a value of the case to the form of the contract: JSON to text, base64 to bytes. */
  toContract(value: unknown): unknown;
  /** Converts a value of the contract to plain JSON. */
  toPlain(value: unknown): unknown;
  /** Reports a use for which the case states no answer. */
  unexpected(path: string, use: unknown): void;
}

/** The gateway's side of one capability, for one case. What it leaves out stays as in a gateway. */
export interface CannedSide {
  /** What the lane gets as the grant; unless given, the grant without arguments. */
  readonly grant?: unknown;
  /** What the case states of the caller. */
  readonly caller?: Caller;
  readonly facilities?: Partial<Facilities>;
  readonly serve?: Serve;
  readonly hear?: Hear;
  /** Returns the members of `expect`: what the plugin did in the last call, or what the store holds now. */
  came?(tenant: string | undefined): Promise<Readonly<Record<string, unknown>>>;
  /** Returns the stated answers that were not used. */
  unused?(): readonly { readonly path: string; readonly answer: unknown }[];
}

/** How `sallyport plugin test` answers for one capability: with what a case states, without network, disk and clock. */
export interface Canned<H extends z.ZodRawShape = z.ZodRawShape> {
  /** The members that it adds to `host` in a case file. Each is optional or has a default. */
  readonly host: H;
  /** The members that it adds to `expect` in a case file. */
  readonly expect: z.ZodRawShape;
  open(stated: z.infer<z.ZodObject<H>>, context: CannedContext): CannedSide | Promise<CannedSide>;
}

interface CannedOptions<H extends z.ZodRawShape> extends Pick<Canned<H>, 'open'> {
  readonly host?: H;
  readonly expect?: z.ZodRawShape;
}

/** Defines how one capability is canned; the types of what a case states stay within its own file. */
export const defineCanned = <H extends z.ZodRawShape = Record<never, never>>({
  host = {} as H,
  expect = {},
  open,
}: CannedOptions<H>): Canned => ({ host, expect, open }) as unknown as Canned;

/** Defines a capability whose effects are notes to the gateway. The notes of a call are compared with `expect`. */
export const defineCannedNotes = (name: string, grant?: unknown): Canned =>
  defineCanned({
    expect: { [name]: z.array(z.unknown()).optional() },
    open(_stated, { toPlain }) {
      const notes: unknown[] = [];
      return {
        grant,
        hear: note => void notes.push(toPlain(note)),
        came: async () => ({ [name]: notes.splice(0) }),
      };
    },
  });
