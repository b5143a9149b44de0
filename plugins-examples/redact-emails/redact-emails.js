// What follows an @ in an address. Each part is bounded, so that no text makes the search slow.
const domain = /(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}/y;
const localLength = 64;
const isLocal = new Set(
  [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+-'].map(one => one.charCodeAt(0)),
);

let replacement = '[redacted]';
let count = 0;

export const lifecycle = {
  /** Once for each instance. What is thrown here refuses the configuration, and the gateway does not start. */
  configure(json) {
    const config = JSON.parse(json);
    if (config.replacement !== undefined && typeof config.replacement !== 'string') {
      throw new Error('replacement must be a string');
    }
    replacement = config.replacement ?? '[redacted]';
  },
};

export const dispatchHooks = {
  beforeDispatch: () => ({ tag: 'proceed' }),

  afterDispatch(_context, response) {
    const redact = redactors[response.tag];
    if (redact === undefined) return { tag: 'proceed' };
    count = 0;
    const val = redact(response.val);
    if (count === 0) return { tag: 'proceed' };
    console.debug(`redacted ${count}`);
    return { tag: 'modified', val: { tag: response.tag, val } };
  },
};

const redactors = {
  'tool-result': result => ({
    ...result,
    content: result.content.map(block),
    structuredContent: result.structuredContent && json(result.structuredContent),
  }),
  'prompt-result': result => ({
    description: result.description && text(result.description),
    messages: result.messages.map(message => ({ ...message, content: block(message.content) })),
  }),
  'resource-result': result => ({
    contents: result.contents.map(entry => ({ ...entry, content: block(entry.content) })),
  }),
};

/** Blobs and blocks that this plugin is not shown stay as they are. */
function block(content) {
  if (content.tag === 'text') return { tag: 'text', val: text(content.val) };
  if (content.tag === 'json') return { tag: 'json', val: json(content.val) };
  return content;
}

/** Looks outward from each @: most text has none, and that is one fast search. */
function text(original) {
  let redacted = '';
  let kept = 0;
  for (let at = original.indexOf('@'); at !== -1; at = original.indexOf('@', at + 1)) {
    let start = at;
    while (start > kept && at - start < localLength && isLocal.has(original.charCodeAt(start - 1))) start -= 1;
    domain.lastIndex = at + 1;
    if (start === at || !domain.test(original)) continue;
    redacted += original.slice(kept, start) + replacement;
    kept = domain.lastIndex;
    at = kept - 1;
    count += 1;
  }
  return kept === 0 ? original : redacted + original.slice(kept);
}

/** Strings are redacted wherever they stand; names of members are not, because a schema may need them. */
function json(original) {
  const before = count;
  const redacted = JSON.parse(original, (_name, value) => (typeof value === 'string' ? text(value) : value));
  return count === before ? original : JSON.stringify(redacted);
}
