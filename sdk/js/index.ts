/**
 * Helpers for plugins in TypeScript and JavaScript. The types are those of the contract in wit/. Import what the helpers
 * do not cover from the contract itself: `import { get, set } from 'sallyport:plugin/kv-store@0.1.0'`.
 * @packageDocumentation
 */
/// <reference path="./contract.d.ts" />

import type {
  ArrivingRequest,
  AuthenticatedCaller,
  CallContext,
  Content,
  Credentials,
  Decision,
  FederationContext,
  Identification,
  IdentityContext,
  JoiningServer,
  ListRefresh,
  PolicyContext,
  RegisteredServer,
  Request,
  RequestOutcome,
  Response,
  ResponseOutcome,
  ServerList,
  Violation,
} from 'sallyport:plugin/types@0.1.0';
import { type Configurable, configured } from './config.ts';
import { type ViolationDetails, violation } from './violation.ts';

export { type Configurable, readConfig } from './config.ts';
export { type Entry, type Federation, type FederationExports, federation, keepEntries } from './federation.ts';
export { type Identity, type IdentityExports, identity, known, narrow, refuse, type Statement } from './identity.ts';
export { allow, deny, type Policy, type PolicyExports, policy } from './policy.ts';
export { sha256 } from './sha256.ts';
export type { ViolationDetails } from './violation.ts';
export type {
  ArrivingRequest,
  AuthenticatedCaller,
  CallContext,
  Content,
  Credentials,
  Decision,
  FederationContext,
  Identification,
  IdentityContext,
  JoiningServer,
  ListRefresh,
  PolicyContext,
  RegisteredServer,
  Request,
  RequestOutcome,
  Response,
  ResponseOutcome,
  ServerList,
  Violation,
};

/** The result of a hook that returns nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: TypeScript gives functions without a `return` the type void alone.
type Nothing = undefined | void;

/** The hooks of a `transform` plugin. Omitted ones do nothing. */
export interface Transform<Config> extends Configurable<Config> {
  /** Called with a request to an upstream. Returning nothing lets it proceed; an exception triggers `on_error`. */
  before?(request: Request, context: CallContext, config: Config): RequestOutcome | Nothing;
  /** Called with a response. Returning nothing lets it proceed; an exception triggers `on_error`. */
  after?(response: Response, context: CallContext, config: Config): ResponseOutcome | Nothing;
}

/** The two interfaces that a transform plugin exports under these names. */
export interface TransformExports {
  readonly lifecycle: { configure(json: string): void };
  readonly dispatchHooks: {
    beforeDispatch(context: CallContext, request: Request): RequestOutcome;
    afterDispatch(context: CallContext, response: Response): ResponseOutcome;
  };
}

/** Lets the request or response pass unchanged. */
export const proceed: { readonly tag: 'proceed' } = { tag: 'proceed' };

const asOutcome = <Outcome>(yielded: Outcome | Nothing): Outcome | typeof proceed =>
  (yielded as Outcome | undefined) ?? proceed;

/**
 * Creates a plugin's exports from its hooks:
 * `export const { lifecycle, dispatchHooks } = transform({ after: response => … })`.
 */
export function transform<Config extends object = Record<string, never>>(plugin: Transform<Config>): TransformExports {
  const { lifecycle, config } = configured(plugin);
  return {
    lifecycle,
    dispatchHooks: {
      beforeDispatch: (context, request) => asOutcome(plugin.before?.(request, context, config())),
      afterDispatch: (context, response) => asOutcome(plugin.after?.(response, context, config())),
    },
  };
}

/**
 * Blocks the request; the client receives the reason.
 * @param code stable and machine-readable, for example `EMAIL_FOUND`
 * @param reason one short sentence
 */
export const block = (code: string, reason: string, more: ViolationDetails = {}): { tag: 'block'; val: Violation } => ({
  tag: 'block',
  val: violation(code, reason, more),
});

/**
 * Replaces text anywhere in a request or response: in text blocks, in the strings of arguments, of structured content and
 * of other JSON blocks, and in prompts. JSON member names, URIs, bytes, hidden blocks and the spelling of numbers do not
 * change. Lists and requests for more input pass unchanged.
 * @param replace returns its argument if there is nothing to replace
 * @returns `modified` if anything was replaced, else `proceed`
 */
export function replaceText(value: Request, replace: (text: string) => string): RequestOutcome;
export function replaceText(value: Response, replace: (text: string) => string): ResponseOutcome;
export function replaceText(
  value: Request | Response,
  replace: (text: string) => string,
): RequestOutcome | ResponseOutcome {
  const replaced = replaceIn(value, replace);
  return replaced === value ? proceed : ({ tag: 'modified', val: replaced } as RequestOutcome | ResponseOutcome);
}

type Replace = (text: string) => string;

/** Returns the value itself if nothing was replaced, because the same object needs no conversion on its way back. */
function replaceIn(value: Request | Response, replace: Replace): Request | Response {
  switch (value.tag) {
    case 'tool-call':
    case 'prompt-get': {
      const json = replaceInJson(value.val.arguments, replace);
      return json === value.val.arguments ? value : { tag: value.tag, val: { ...value.val, arguments: json } };
    }
    case 'tool-result': {
      const result = value.val;
      const content = each(result.content, block => replaceInContent(block, replace));
      const structured = result.structuredContent;
      const json = structured == null ? structured : replaceInJson(structured, replace);
      if (content === result.content && json === structured) return value;
      return {
        tag: value.tag,
        val: { ...result, content, ...(json != null && { structuredContent: json }) },
      };
    }
    case 'prompt-result': {
      const { description, messages } = value.val;
      const text = description == null ? description : replace(description);
      const written = each(messages, message => withContent(message, replace));
      if (text === description && written === messages) return value;
      return { tag: value.tag, val: { messages: written, ...(text != null && { description: text }) } };
    }
    case 'resource-result': {
      const contents = each(value.val.contents, entry => withContent(entry, replace));
      return contents === value.val.contents ? value : { tag: value.tag, val: { contents } };
    }
    default:
      return value;
  }
}

function withContent<T extends { readonly content: Content }>(entry: T, replace: Replace): T {
  const content = replaceInContent(entry.content, replace);
  return content === entry.content ? entry : { ...entry, content };
}

function replaceInContent(content: Content, replace: Replace): Content {
  if (content.tag !== 'text' && content.tag !== 'json') return content;
  const val = content.tag === 'text' ? replace(content.val) : replaceInJson(content.val, replace);
  return val === content.val ? content : { tag: content.tag, val };
}

/** Returns the list itself if no entry was changed. */
function each<T>(list: T[], change: (entry: T) => T): T[] {
  let changed: T[] | undefined;
  for (let index = 0; index < list.length; index++) {
    const entry = list[index] as T;
    const next = change(entry);
    if (next === entry) continue;
    changed ??= list.slice();
    changed[index] = next;
  }
  return changed ?? list;
}

/**
 * Replaces all strings in JSON text except member names, which schemas may need. Everything else stays byte for byte:
 * numbers of any precision, white space, the order of members.
 * @param json valid JSON
 */
export function replaceInJson(json: string, replace: (text: string) => string): string {
  const escapes = json.includes('\\');
  let replaced = '';
  let kept = 0;
  for (let open = json.indexOf('"'); open !== -1; ) {
    let close = json.indexOf('"', open + 1);
    if (escapes) while (isEscaped(json, close)) close = json.indexOf('"', close + 1);
    if (close === -1) throw new Error('not JSON: unterminated string');
    if (!isName(json, close)) {
      const written = json.slice(open + 1, close);
      const text: string = escapes && written.includes('\\') ? JSON.parse(`"${written}"`) : written;
      const next = replace(text);
      if (next !== text) {
        replaced += json.slice(kept, open) + JSON.stringify(next);
        kept = close + 1;
      }
    }
    open = json.indexOf('"', close + 1);
  }
  return kept === 0 ? json : replaced + json.slice(kept);
}

/** Whether an odd number of backslashes precedes `quote`. */
function isEscaped(json: string, quote: number): boolean {
  let first = quote;
  while (json.charCodeAt(first - 1) === 0x5c) first -= 1;
  return (quote - first) % 2 === 1;
}

/** Whether a colon follows the string that ends at `close`. */
function isName(json: string, close: number): boolean {
  let next = close + 1;
  let code = json.charCodeAt(next);
  while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = json.charCodeAt(++next);
  return code === 0x3a;
}
