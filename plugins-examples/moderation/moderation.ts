import * as kv from 'sallyport:plugin/kv-store@0.1.0';
import { send } from 'sallyport:plugin/outbound-http@0.1.0';
import { reference } from 'sallyport:plugin/secret-store@0.1.0';
import { block, proceed, type Request, type Response, sha256, transform } from '@sallyport/plugin';

interface Config {
  readonly url: string;
  readonly secret: string;
  readonly remember_seconds: number;
}

/** The service's decision on a text: the categories it flags. */
type Verdict = readonly string[];

const utf8 = {
  encode: (text: string) => new TextEncoder().encode(text),
  decode: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
};

export const { lifecycle, dispatchHooks } = transform<Config>({
  defaults: { url: '', secret: 'moderation-key', remember_seconds: 3600 },
  before: (request, _context, config) => judge(textOfRequest(request), config),
  after: (response, _context, config) => judge(textOfResponse(response), config),
});

/** Blocks flagged content, and content that could not be judged, so that overloading the service is no way through. */
function judge(text: string, config: Config) {
  if (text === '') return proceed;
  let flagged: Verdict;
  try {
    flagged = verdict(text, config);
  } catch (error) {
    console.warn('moderation is not available:', reasonOf(error));
    return block('MODERATION_UNAVAILABLE', 'The content could not be checked.', { description: 'Try again later.' });
  }
  if (flagged.length === 0) return proceed;
  return block('CONTENT_FLAGGED', `The content was flagged: ${flagged.join(', ')}.`, {
    details: { categories: flagged },
  });
}

function verdict(text: string, config: Config): Verdict {
  const key = sha256(text);
  const known = remembered(key);
  if (known !== undefined) return known;
  const fresh = ask(text, config);
  try {
    kv.set(key, utf8.encode(JSON.stringify(fresh)), BigInt(config.remember_seconds) * 1000n);
  } catch (error) {
    console.warn('the decision is not remembered:', reasonOf(error));
  }
  return fresh;
}

/** Reads a remembered decision. A failing store only costs another request to the service. */
function remembered(key: string): Verdict | undefined {
  try {
    const bytes = kv.get(key);
    return bytes == null ? undefined : JSON.parse(utf8.decode(bytes));
  } catch (error) {
    console.warn('the store does not answer:', reasonOf(error));
    return undefined;
  }
}

/** Calls the service. The plugin never sees the key: the gateway replaces the reference with it. */
function ask(input: string, { url, secret }: Config): Verdict {
  const headers: [string, string][] = [
    ['content-type', 'application/json'],
    ['authorization', `Bearer ${reference(secret)}`],
  ];
  const answer = send({ method: 'POST', url, headers, body: utf8.encode(JSON.stringify({ input })) });
  if (answer.status !== 200) throw new Error(`it answered with status ${answer.status}`);
  const { results } = JSON.parse(utf8.decode(answer.body));
  if (!Array.isArray(results) || results.length === 0) throw new Error('its answer has no results');
  const names = results.flatMap(({ flagged, categories }) => {
    if (typeof flagged !== 'boolean') throw new Error('its answer does not say whether the text is flagged');
    const named = Object.keys(categories ?? {}).filter(name => categories[name] === true);
    return flagged ? (named.length > 0 ? named : ['flagged']) : [];
  });
  return [...new Set(names)].sort();
}

/** Formats an error. A refusal of a host function is in `payload`. */
function reasonOf(error: unknown): string {
  const { payload, message } = error as { payload?: { tag: string; val?: string }; message?: string };
  return payload ? [payload.tag, payload.val].filter(Boolean).join(': ') : String(message ?? error);
}

const textOfRequest = (request: Request): string =>
  request.tag === 'resource-read' ? '' : `${request.val.name}\n${request.val.arguments}`;

function textOfResponse(response: Response): string {
  if (response.tag !== 'tool-result') return '';
  const texts = response.val.content.flatMap(({ tag, val }) => (tag === 'text' || tag === 'json' ? [val] : []));
  return [...texts, response.val.structuredContent ?? ''].filter(text => text !== '').join('\n');
}
