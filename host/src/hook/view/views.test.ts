import { describe, expect, it } from 'vitest';
import type { Content, Request, Response } from '../../contract/generated/types.js';
import type { Json, JsonObject } from '../../core/json.ts';
import { wideBounds } from '../../core/json-reader.ts';
import type { CallMethod, HookedMethod } from '../../mcp/methods.ts';
import { InvalidOutput } from '../invalid-output.ts';
import { hasBytes } from './content.ts';
import type { View } from './view.ts';
import { requestViews, responseView } from './views.ts';

type Tagged<T, Tag extends string> = Extract<T, { tag: Tag }>;
type Change<T> = (shown: T) => T;

/** What becomes of `value` when a plugin changes what it is shown by `change`. */
function pass<V extends Request | Response>(
  view: View<V>,
  value: JsonObject,
  change: (shown: V) => Request | Response,
  blobs = false,
) {
  const shown = view.show(value, blobs);
  return view.merge(value, shown, change(structuredClone(shown)));
}

const request =
  <Tag extends Request['tag']>(method: CallMethod, tag: Tag) =>
  (params: JsonObject, change: Change<Tagged<Request, Tag>['val']>) =>
    pass(requestViews[method], params, shown => changeTagged(shown, tag, change));

const response =
  <Tag extends Response['tag']>(method: HookedMethod, tag: Tag) =>
  (result: JsonObject, change: Change<Tagged<Response, Tag>['val']>, blobs = false) =>
    pass(responseView(method, result), result, shown => changeTagged(shown, tag, change), blobs);

function changeTagged<T extends Request | Response>(shown: T, tag: string, change: (val: never) => unknown): T {
  if (shown.tag !== tag) throw new Error(`shown as ${shown.tag}`);
  return { tag, val: change(shown.val as never) } as T;
}

const onToolCall = request('tools/call', 'tool-call');
const onPromptGet = request('prompts/get', 'prompt-get');
const onResourceRead = request('resources/read', 'resource-read');
const onToolResult = response('tools/call', 'tool-result');
const onPromptResult = response('prompts/get', 'prompt-result');
const onResourceResult = response('resources/read', 'resource-result');
const onToolList = response('tools/list', 'tool-list');
const onPromptList = response('prompts/list', 'prompt-list');
const onResourceList = response('resources/list', 'resource-list');
const onTemplateList = response('resources/templates/list', 'resource-list');

/** Changes the content of a tool result. */
const onContent = (content: Json, change: Change<Content[]>, blobs = false) =>
  onToolResult({ content }, shown => ({ ...shown, content: change(shown.content) }), blobs).content;

const shout = (blocks: Content[]): Content[] =>
  blocks.map(block => (block.tag === 'text' ? { ...block, val: block.val.toUpperCase() } : block));

const parse = (text: string): JsonObject => JSON.parse(text);
const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

const text = (value: string, more: JsonObject = {}): JsonObject => ({ type: 'text', text: value, ...more });
const image: JsonObject = { type: 'image', data: 'aGk=', mimeType: 'image/png', annotations: { priority: 1 }, x: 1 };
const audio: JsonObject = { type: 'audio', data: 'aGk=', mimeType: 'audio/wav' };
const link: JsonObject = { type: 'resource_link', uri: 'file:///a', name: 'a', _meta: { k: 1 } };
const embeddedText: JsonObject = { type: 'resource', resource: { uri: 'file:///a', text: 'secret' } };
const embeddedBlob: JsonObject = { type: 'resource', resource: { uri: 'file:///a', blob: 'aGk=' } };
const unknown: JsonObject = { type: 'hologram', beams: 3 };

describe('what a plugin is shown of a tool result', () => {
  it.each([
    ['text', text('hi'), { tag: 'text', val: 'hi' }],
    ['an image', image, { tag: 'opaque', val: 0 }],
    ['audio', audio, { tag: 'opaque', val: 0 }],
    ['a resource link', link, { tag: 'json', val: JSON.stringify(link) }],
    ['an embedded text', embeddedText, { tag: 'json', val: JSON.stringify(embeddedText) }],
    ['embedded bytes', embeddedBlob, { tag: 'opaque', val: 0 }],
    ['a type that we do not know', unknown, { tag: 'json', val: JSON.stringify(unknown) }],
    ['a text block without text', { type: 'text', text: 1 }, { tag: 'json', val: '{"type":"text","text":1}' }],
    ['no block at all', 'leak', { tag: 'json', val: '"leak"' }],
    ['null', null, { tag: 'json', val: 'null' }],
  ] satisfies [string, Json, Content][])('%s', (_, block, expected) => {
    onContent([block], shown => {
      expect(shown).toEqual([expected]);
      return shown;
    });
  });

  it.each([
    ['an image', image, { tag: 'blob', val: { mimeType: 'image/png', data: Buffer.from('hi') } }],
    ['embedded bytes', embeddedBlob, { tag: 'json', val: JSON.stringify(embeddedBlob) }],
    [
      'an image without a type',
      { type: 'image', data: 'aGk=' },
      { tag: 'json', val: '{"type":"image","data":"aGk="}' },
    ],
  ] satisfies [string, Json, Content][])('that sees blobs: %s', (_, block, expected) => {
    const shown = responseView('tools/call', {}).show({ content: [block] }, true);
    expect(shown.tag === 'tool-result' && shown.val.content).toEqual([expected]);
  });

  it('is the whole of it also when the content is not a list', () => {
    expect(onContent('a@b.example', shown => shown)).toEqual(['a@b.example']);
    expect(onContent('a@b.example', () => [{ tag: 'text', val: 'x' }])).toEqual([text('x')]);
  });
});

describe('content blocks', () => {
  it.each([
    [
      'keep their other members by place',
      [text('a', { annotations: { audience: ['user'] }, x: 1 }), text('b')],
      shout,
      [text('A', { annotations: { audience: ['user'] }, x: 1 }), text('B')],
    ],
    [
      'keep those also when one is added',
      [text('a', { x: 1 }), text('b', { x: 2 })],
      blocks => [{ tag: 'text', val: 'note' }, ...blocks],
      [text('note'), text('a', { x: 1 }), text('b', { x: 2 })],
    ],
    [
      'keep those also when one is left out',
      [text('a', { x: 1 }), text('b', { x: 2 })],
      blocks => blocks.slice(1),
      [text('b', { x: 2 })],
    ],
    [
      'claim an original once',
      [text('a', { x: 1 })],
      blocks => [...blocks, ...blocks],
      [text('a', { x: 1 }), text('a')],
    ],
    ['pass through by number', [text('a'), image, embeddedBlob], shout, [text('A'), image, embeddedBlob]],
    ['move by number', [text('a'), image], blocks => blocks.reverse(), [image, text('a')]],
    ['may be left out', [text('a'), image], blocks => blocks.slice(0, 1), [text('a')]],
    ['may all be left out', [text('a'), image], () => [], []],
    [
      'of JSON stay when they were not changed',
      [link, unknown, 'stray', null],
      blocks => blocks,
      [link, unknown, 'stray', null],
    ],
    [
      'of JSON may change',
      [link],
      () => [{ tag: 'json', val: '{"type":"resource_link","uri":"u","name":"n"}' }],
      [{ type: 'resource_link', uri: 'u', name: 'n' }],
    ],
    [
      'may be new images',
      [],
      () => [{ tag: 'blob', val: { mimeType: 'image/gif', data: new Uint8Array([1]) } }],
      [{ type: 'image', mimeType: 'image/gif', data: 'AQ==' }],
    ],
  ] satisfies [string, Json, Change<Content[]>, Json][])('[HOOK-13] %s', (_, content, change, expected) => {
    expect(onContent(content, change)).toEqual(expected);
  });

  it('[HOOK-13] are the very originals where the plugin passed them on', () => {
    const content = [text('a'), image, link];
    const merged = onContent(content, blocks => [...blocks.slice(1), { tag: 'text', val: 'a' }]);
    expect(merged).toEqual([image, link, text('a')]);
    if (Array.isArray(merged)) for (const block of merged) expect(content).toContain(block);
  });

  it('[HOOK-13] keep the other members of an image that a plugin changed', () => {
    const grey = (blocks: Content[]): Content[] =>
      blocks.map(block =>
        block.tag === 'blob' ? { ...block, val: { ...block.val, data: new Uint8Array([2]) } } : block,
      );
    expect(onContent([image], grey, true)).toEqual([{ ...image, data: 'Ag==' }]);
    expect(onContent([image], blocks => blocks, true)).toEqual([image]);
  });

  it.each([
    ['a number that is out of range', [image], [{ tag: 'opaque', val: 1 }]],
    [
      'the number of a block that was shown, which another plugin may have emptied',
      [text('secret')],
      [{ tag: 'opaque', val: 0 }],
    ],
    [
      'a hidden block twice',
      [image],
      [
        { tag: 'opaque', val: 0 },
        { tag: 'opaque', val: 0 },
      ],
    ],
  ] satisfies [string, Json, Content[]][])('[HOOK-14] refuse %s', (_, content, returned) => {
    expect(() => onContent(content, () => returned)).toThrow(InvalidOutput);
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['no type', '{}'],
    ['a type that is no text', '{"type":1}'],
    ['text without text', '{"type":"text"}'],
    ['an image without data', '{"type":"image","mimeType":"image/png"}'],
    ['audio without a type', '{"type":"audio","data":""}'],
    ['a link without a name', '{"type":"resource_link","uri":"u"}'],
    ['a resource without content', '{"type":"resource","resource":{"uri":"u"}}'],
    ['10,000 levels', deep(10_000)],
    ['1,000,000 levels', deep(1_000_000)],
  ])('[HOOK-09] refuse a json block that is %s', (_, val) => {
    expect(() => onContent([], () => [{ tag: 'json', val }])).toThrow(InvalidOutput);
  });

  it('refuse a blob that is neither image nor audio', () => {
    const val = { mimeType: 'text/html', data: new Uint8Array() };
    expect(() => onContent([], () => [{ tag: 'blob', val }])).toThrow(InvalidOutput);
  });
});

describe('a tool result', () => {
  const toolResultOf = (result: JsonObject) => responseView('tools/call', result).show(result, false).val;
  const full: JsonObject = {
    content: [text('a')],
    structuredContent: { mail: 'a' },
    _meta: { trace: 1 },
    extra: [1],
  };

  it.each([
    ['content alone', shown => ({ ...shown, content: shout(shown.content) }), { ...full, content: [text('A')] }],
    [
      'structured content alone',
      shown => ({ ...shown, structuredContent: '{"mail":"b"}' }),
      { ...full, structuredContent: { mail: 'b' } },
    ],
    ['is-error alone', shown => ({ ...shown, isError: true }), { ...full, isError: true }],
    ['nothing, but says modified', shown => shown, full],
    [
      'structured content away',
      ({ structuredContent: _, ...shown }) => shown,
      { content: [text('a')], _meta: { trace: 1 }, extra: [1] },
    ],
  ] satisfies [string, Parameters<typeof onToolResult>[1], JsonObject][])(
    '[HOOK-13] keeps the rest when a plugin changes %s',
    (_, change, expected) => {
      expect(onToolResult(full, change)).toEqual(expected);
    },
  );

  it.each(['', '[', '[1]', '"x"', 'null', '1', deep(10_000)])(
    '[HOOK-09] refuses structured content that is no object: %.12s',
    structuredContent => {
      expect(() => onToolResult(full, shown => ({ ...shown, structuredContent }))).toThrow(InvalidOutput);
    },
  );

  it.each(['{"a":1,"A":2}', '{"rows":[{"id":1,"ID":2}]}'])(
    '[GW-64] refuses structured content with names that differ in case only: %s',
    structuredContent => {
      expect(() => onToolResult(full, shown => ({ ...shown, structuredContent }))).toThrow(InvalidOutput);
    },
  );

  it('[GW-66] takes null for a member that is absent', () => {
    const nothing = { content: null, structuredContent: null };
    expect(toolResultOf(nothing)).toEqual({ content: [], isError: false });
    expect(onToolResult(nothing, shown => ({ ...shown, isError: true }))).toEqual({
      ...{ content: [], structuredContent: null, isError: true },
    });
  });

  it('[HOOK-16] takes structured content as deep as is allowed, and not one level more', () => {
    const withDepth = (levels: number) => onToolResult(full, shown => ({ ...shown, structuredContent: deep(levels) }));
    expect(withDepth(wideBounds.depth).structuredContent).toEqual(parse(deep(wideBounds.depth)));
    expect(() => withDepth(wideBounds.depth + 1)).toThrow(InvalidOutput);
  });

  it('[HOOK-16] keeps __proto__ a member, whoever wrote it', () => {
    const hostile = parse('{"__proto__":{"admin":true},"content":[{"type":"text","text":"a","__proto__":{"b":1}}]}');
    const merged = onToolResult(hostile, shown => ({
      ...shown,
      content: shout(shown.content),
      structuredContent: '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}',
    }));
    expect(JSON.stringify(merged)).toBe(
      '{"__proto__":{"admin":true},"content":[{"type":"text","text":"A","__proto__":{"b":1}}],' +
        '"structuredContent":{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}}',
    );
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect(({} as JsonObject).admin).toBeUndefined();
  });

  it('[HOOK-16] shows a lone surrogate as the replacement character, and keeps it where it was not changed', () => {
    const content = [text('\ud800'), text('b')];
    const merged = onContent(content, shown => {
      expect(shown[0]).toEqual({ tag: 'text', val: '\ufffd' });
      return [shown[0] ?? { tag: 'text', val: '' }, { tag: 'text', val: 'B' }];
    });
    expect(merged).toEqual([text('\ud800'), text('B')]);
  });

  it('asks for more input: shown whole, and may change', () => {
    const on = response('tools/call', 'input-required');
    const result = {
      resultType: 'input_required',
      requestState: 's',
      inputRequests: { a: { method: 'elicitation/create' } },
    };
    expect(on(result, shown => shown)).toBe(result);
    expect(on(result, shown => shown.replace('"s"', '"t"'))).toEqual({ ...result, requestState: 't' });
    for (const bad of ['[', '[]', '{"resultType":"complete"}'])
      expect(() => on(result, () => bad)).toThrow(InvalidOutput);
  });
});

describe('a tool call', () => {
  const params: JsonObject = { name: 'echo', arguments: { a: 1 }, _meta: { progressToken: 7 }, task: { ttl: 1 } };

  it.each([
    ['its name', params, call => ({ ...call, name: 'other' }), { ...params, name: 'other' }],
    ['its arguments', params, call => ({ ...call, arguments: '{"b":2}' }), { ...params, arguments: { b: 2 } }],
    ['nothing', params, call => call, params],
    ['nothing where there were no arguments', { name: 'echo' }, call => call, { name: 'echo' }],
    [
      'arguments where there were none',
      { name: 'echo' },
      call => ({ ...call, arguments: '{"b":2}' }),
      { name: 'echo', arguments: { b: 2 } },
    ],
  ] satisfies [string, JsonObject, Parameters<typeof onToolCall>[1], JsonObject][])(
    '[HOOK-13] keeps the rest when a plugin changes %s',
    (_, before, change, after) => {
      expect(onToolCall(before, change)).toEqual(after);
    },
  );

  it.each(['', '{', '[]', '"x"', 'null', '1', deep(10_000)])(
    '[HOOK-09] refuses arguments that are no object: %.12s',
    text => {
      expect(() => onToolCall(params, call => ({ ...call, arguments: text }))).toThrow(InvalidOutput);
    },
  );

  it('[GW-64] refuses arguments with names that differ in case only', () => {
    const change = () => onToolCall(params, call => ({ ...call, arguments: '{"query":1,"Query":2}' }));
    expect(change).toThrow('arguments has query and Query, which differ only in case');
  });

  it('[GW-66] shows null as no arguments, and leaves it to the server', () => {
    const without = { name: 'echo', arguments: null };
    expect(requestViews['tools/call'].show(without, false).val).toEqual({ name: 'echo', arguments: '{}' });
    expect(requestViews['prompts/get'].show(without, false).val).toEqual({ name: 'echo', arguments: '{}' });
    expect(onToolCall(without, call => ({ ...call, name: 'other' }))).toEqual({ name: 'other', arguments: null });
  });

  it('refuses an empty name', () => {
    expect(() => onToolCall(params, call => ({ ...call, name: '' }))).toThrow(InvalidOutput);
  });

  it('[HOOK-16] defines a __proto__ argument and sets no prototype', () => {
    const merged = onToolCall(params, call => ({ ...call, arguments: '{"__proto__":{"admin":true}}' }));
    expect(JSON.stringify(merged.arguments)).toBe('{"__proto__":{"admin":true}}');
  });
});

describe('a prompt', () => {
  const params: JsonObject = { name: 'greet', arguments: { who: 'you' }, _meta: {} };
  const result: JsonObject = {
    description: 'd',
    messages: [
      { role: 'user', content: text('a', { x: 1 }), y: 2 },
      { role: 'assistant', content: image },
    ],
    _meta: { k: 1 },
  };

  it('[HOOK-13] keeps the rest of a request when its name and arguments change', () => {
    const merged = onPromptGet(params, get => ({ name: 'bye', arguments: `{"who":"me"}${get.arguments.slice(0, 0)}` }));
    expect(merged).toEqual({ name: 'bye', arguments: { who: 'me' }, _meta: {} });
    expect(onPromptGet(params, get => get)).toEqual(params);
  });

  it.each(['[', '[]', '{"who":1}'])('[HOOK-09] refuses arguments that are not an object of strings: %s', text => {
    expect(() => onPromptGet(params, get => ({ ...get, arguments: text }))).toThrow(InvalidOutput);
    expect(() => onPromptGet(params, get => ({ ...get, name: '' }))).toThrow(InvalidOutput);
  });

  it('[HOOK-13] keeps the rest of a result when text, role and description change', () => {
    const merged = onPromptResult(result, ({ messages }) => ({
      messages: [{ role: 'assistant', content: { tag: 'text', val: 'A' } }, ...messages.slice(1)],
    }));
    expect(merged).toEqual({
      messages: [
        { role: 'assistant', content: text('A', { x: 1 }), y: 2 },
        { role: 'assistant', content: image },
      ],
      _meta: { k: 1 },
    });
  });

  it('takes new messages, and hidden ones at another place', () => {
    const merged = onPromptResult(result, shown => ({
      ...shown,
      messages: [{ role: 'user', content: { tag: 'text', val: 'new' } }, ...shown.messages.toReversed()],
    }));
    expect(merged.messages).toEqual([
      { role: 'user', content: text('new') },
      { role: 'assistant', content: image },
      { role: 'user', content: text('a', { x: 1 }), y: 2 },
    ]);
  });

  it.each([
    ['a role that MCP does not know', { role: 'system', content: { tag: 'text', val: '' } }],
    ['a hidden block that is not there', { role: 'user', content: { tag: 'opaque', val: 0 } }],
  ] satisfies [string, { role: string; content: Content }][])('[HOOK-14] refuses %s', (_, message) => {
    expect(() => onPromptResult(result, () => ({ messages: [message] }))).toThrow(InvalidOutput);
  });

  it('shows what is not a message as its own content', () => {
    const broken = { messages: ['a@b.example'] };
    expect(onPromptResult(broken, shown => shown)).toEqual(broken);
  });
});

describe('a resource', () => {
  const page: JsonObject = { uri: 'file:///a', mimeType: 'text/plain', text: 'a', _meta: { k: 1 } };
  const bytes: JsonObject = { uri: 'file:///b', blob: 'aGk=', x: 1 };
  const result: JsonObject = { contents: [page, bytes], _meta: { ttl: 1 } };
  const edit =
    (change: (content: Content) => Content): Parameters<typeof onResourceResult>[1] =>
    shown => ({ contents: shown.contents.map(entry => ({ ...entry, content: change(entry.content) })) });

  it('[HOOK-13] keeps the rest of a request when its URI changes', () => {
    const params = { uri: 'file:///a', _meta: { k: 1 } };
    expect(onResourceRead(params, () => ({ uri: 'file:///b' }))).toEqual({ uri: 'file:///b', _meta: { k: 1 } });
    expect(() => onResourceRead(params, () => ({ uri: '' }))).toThrow(InvalidOutput);
  });

  it('[HOOK-13] keeps the rest of each content when its text changes', () => {
    const shouted = edit(content => (content.tag === 'text' ? { tag: 'text', val: 'A' } : content));
    expect(onResourceResult(result, shouted)).toEqual({ ...result, contents: [{ ...page, text: 'A' }, bytes] });
  });

  it('[HOOK-13] keeps hidden bytes, under a new name too', () => {
    const renamed = onResourceResult(result, ({ contents }) => ({
      contents: contents.slice(1).map(entry => ({ ...entry, uri: 'file:///c', mimeType: 'x/y' })),
    }));
    expect(renamed.contents).toEqual([{ ...bytes, uri: 'file:///c', mimeType: 'x/y' }]);
  });

  it.each([
    [
      'bytes for bytes',
      bytes,
      { tag: 'blob', val: { mimeType: 'application/octet-stream', data: new Uint8Array([1]) } },
      { ...bytes, blob: 'AQ==' },
    ],
    [
      'bytes of another type',
      bytes,
      { tag: 'blob', val: { mimeType: 'a/b', data: new Uint8Array([1]) } },
      { ...bytes, blob: 'AQ==', mimeType: 'a/b' },
    ],
    ['text for bytes', bytes, { tag: 'text', val: 'gone' }, { uri: 'file:///b', text: 'gone', x: 1 }],
    [
      'the same bytes',
      bytes,
      { tag: 'blob', val: { mimeType: 'application/octet-stream', data: Buffer.from('hi') } },
      bytes,
    ],
  ] satisfies [string, JsonObject, Content, JsonObject][])(
    'takes %s from a plugin that sees blobs',
    (_, entry, content, expected) => {
      const merged = onResourceResult(
        { contents: [entry] },
        edit(() => content),
        true,
      );
      expect(merged.contents).toEqual([expected]);
    },
  );

  it.each([
    { what: 'text beside a blob that is null', entry: { uri: 'a:b', text: 'hi', blob: null }, tag: 'text' },
    { what: 'a blob beside a text that is null', entry: { uri: 'a:b', text: null, blob: 'aGk=' }, tag: 'opaque' },
    { what: 'text beside a blob, whole', entry: { uri: 'a:b', text: 'hi', blob: 'aGk=' }, tag: 'json' },
  ])('[GW-66] shows $what', ({ entry, tag }) => {
    const shown = responseView('resources/read', {}).show({ contents: [entry] }, false);
    expect(shown.tag === 'resource-result' && shown.val.contents[0]?.content.tag).toBe(tag);
    const block = { type: 'resource', resource: entry };
    expect(hasBytes(block)).toBe(tag === 'opaque');
  });

  it('takes a new content, and no JSON of the plugin', () => {
    const added = (content: Content) =>
      onResourceResult(result, ({ contents }) => ({ contents: [...contents, { uri: 'file:///n', content }] }));
    expect(added({ tag: 'text', val: 'n' }).contents).toEqual([page, bytes, { uri: 'file:///n', text: 'n' }]);
    expect(added({ tag: 'blob', val: { mimeType: 'a/b', data: new Uint8Array([1]) } }).contents).toEqual([
      page,
      bytes,
      { uri: 'file:///n', blob: 'AQ==', mimeType: 'a/b' },
    ]);
    expect(() => added({ tag: 'json', val: '{}' })).toThrow(InvalidOutput);
    expect(() => added({ tag: 'opaque', val: 1 })).toThrow(InvalidOutput);
  });

  it('shows what it cannot read as JSON, which may stay as it is', () => {
    const broken = { contents: ['leak', { uri: 'u', text: 1 }] };
    onResourceResult(broken, shown => {
      expect(shown.contents.map(({ content }) => content)).toEqual([
        { tag: 'json', val: '"leak"' },
        { tag: 'json', val: '{"uri":"u","text":1}' },
      ]);
      return shown;
    });
    expect(onResourceResult(broken, shown => shown)).toEqual(broken);
  });
});

describe('lists', () => {
  const echo: JsonObject = {
    name: 'echo',
    description: 'Says it again',
    inputSchema: { type: 'object' },
    outputSchema: { type: 'object' },
    annotations: { readOnlyHint: true },
    icons: [{ src: 'i' }],
    _meta: { k: 1 },
  };
  const add: JsonObject = { name: 'add', title: 'Add', inputSchema: { type: 'object' }, x: 1 };
  const tools: JsonObject = { tools: [echo, add], nextCursor: 'c' };

  it.each([
    ['nothing', list => list, [echo, add]],
    ['the order', list => list.toReversed(), [add, echo]],
    ['one away', list => list.slice(1), [add]],
    [
      'a description',
      list => list.map(tool => ({ ...tool, description: 'd' })),
      [
        { ...echo, description: 'd' },
        { ...add, description: 'd' },
      ],
    ],
    [
      'a title away',
      list => list.map(({ title: _, ...tool }) => tool),
      [echo, { name: 'add', inputSchema: { type: 'object' }, x: 1 }],
    ],
    [
      'a schema',
      list => list.slice(0, 1).map(tool => ({ ...tool, inputSchema: '{"type":"object","x":1}' })),
      [{ ...echo, inputSchema: { type: 'object', x: 1 } }],
    ],
    [
      'annotations',
      list => list.slice(0, 1).map(tool => ({ ...tool, annotations: '{}' })),
      [{ ...echo, annotations: {} }],
    ],
  ] satisfies [string, Parameters<typeof onToolList>[1], Json][])(
    '[HOOK-13] keep the rest of each tool and the cursor when a plugin changes %s',
    (_, change, expected) => {
      expect(onToolList(tools, change)).toEqual({ tools: expected, nextCursor: 'c' });
    },
  );

  it.each([
    ['a tool that was not there', [{ name: 'new', inputSchema: '{}' }]],
    [
      'a tool twice',
      [
        { name: 'echo', inputSchema: '{}' },
        { name: 'echo', inputSchema: '{}' },
      ],
    ],
    ['a schema that is no JSON', [{ name: 'echo', inputSchema: '{' }]],
    ['a schema that is no object', [{ name: 'echo', inputSchema: 'true' }]],
  ])('[HOOK-15] refuse %s', (_, list) => {
    expect(() => onToolList(tools, () => list)).toThrow(InvalidOutput);
  });

  it('leave out what has no name once a plugin changed them', () => {
    expect(onToolList({ tools: [{ name: 1 }, 'x', add] }, list => list)).toEqual({ tools: [add] });
  });

  it('of prompts keep the rest of each prompt and argument', () => {
    const greet = {
      name: 'greet',
      arguments: [
        { name: 'who', title: 'Who', x: 1 },
        { name: 'why', required: true },
      ],
      x: 1,
    };
    const merged = onPromptList({ prompts: [greet] }, list =>
      list.map(prompt => ({
        ...prompt,
        title: 'Greet',
        arguments: prompt.arguments.slice(0, 1).map(argument => ({ ...argument, required: true })),
      })),
    );
    expect(merged.prompts).toEqual([
      { ...greet, title: 'Greet', arguments: [{ name: 'who', title: 'Who', x: 1, required: true }] },
    ]);
    expect(onPromptList({ prompts: [greet] }, list => list)).toEqual({ prompts: [greet] });
    expect(() => onPromptList({ prompts: [greet] }, () => [{ name: 'x', arguments: [] }])).toThrow(InvalidOutput);
  });

  it.each([
    ['resources', onResourceList, 'resources', 'uri'],
    ['resource templates', onTemplateList, 'resourceTemplates', 'uriTemplate'],
  ] as const)('of %s keep the rest of each entry', (_, on, member, key) => {
    const entry = { [key]: 'file:///a', name: 'a', mimeType: 'a/b', size: 3 };
    const merged = on({ [member]: [entry] }, list => list.map(shown => ({ ...shown, name: 'b', title: 't' })));
    expect(merged[member]).toEqual([{ ...entry, name: 'b', title: 't' }]);
    expect(() => on({ [member]: [entry] }, () => [{ uri: 'file:///b', name: 'a' }])).toThrow(InvalidOutput);
  });
});

describe('the kind of a value', () => {
  const everyRequest: Request[] = [
    { tag: 'tool-call', val: { name: 'n', arguments: '{}' } },
    { tag: 'prompt-get', val: { name: 'n', arguments: '{}' } },
    { tag: 'resource-read', val: { uri: 'u' } },
  ];
  const everyResponse: Response[] = [
    { tag: 'tool-result', val: { content: [], isError: false } },
    { tag: 'prompt-result', val: { messages: [] } },
    { tag: 'resource-result', val: { contents: [] } },
    { tag: 'tool-list', val: [] },
    { tag: 'prompt-list', val: [] },
    { tag: 'resource-list', val: [] },
    { tag: 'input-required', val: '{"resultType":"input_required"}' },
  ];

  it.each(['tools/call', 'prompts/get', 'resources/read'] as const)(
    '[HOOK-09] cannot be changed: request of %s',
    method => {
      const params = { name: 'n', uri: 'u' };
      const { tag } = requestViews[method].show(params, false);
      for (const other of [...everyRequest, ...everyResponse].filter(value => value.tag !== tag)) {
        expect(() => pass(requestViews[method], params, () => other)).toThrow(InvalidOutput);
      }
    },
  );

  it.each([
    ['tools/call', {}],
    ['prompts/get', {}],
    ['resources/read', {}],
    ['tools/list', {}],
    ['prompts/list', {}],
    ['resources/list', {}],
    ['resources/templates/list', {}],
    ['tools/call', { resultType: 'input_required' }],
  ] as const)('[HOOK-09] cannot be changed: result of %s %o', (method, result) => {
    const view = responseView(method, result);
    const { tag } = view.show(result, false);
    for (const other of [...everyRequest, ...everyResponse].filter(value => value.tag !== tag)) {
      expect(() => pass(view, result, () => other)).toThrow(InvalidOutput);
    }
  });
});
