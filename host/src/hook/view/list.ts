import type { Prompt, ResourceEntry, Response, Tool } from '../../contract/generated/types.js';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { parseObject, refuse } from '../invalid-output.ts';
import { changed, jsonMember, listMember, stringMember, withMembers } from './members.ts';
import { noBlobs, type View } from './view.ts';

/** The result of `tools/list`. */
export const toolListView: View<Response> = {
  hasBlobs: noBlobs,
  show: result => ({ tag: 'tool-list', val: entriesOf(result, 'tools', 'name').map(showTool) }),
  merge(result, shown, returned) {
    if (shown.tag !== 'tool-list' || returned.tag !== 'tool-list') return refuse(`a tool list became ${returned.tag}`);
    const tools = mergeEntries(
      entriesOf(result, 'tools', 'name'),
      shown.val,
      returned.val,
      tool => tool.name,
      mergeTool,
    );
    return withMembers(result, { tools });
  },
};

/** The result of `prompts/list`. */
export const promptListView: View<Response> = {
  hasBlobs: noBlobs,
  show: result => ({ tag: 'prompt-list', val: entriesOf(result, 'prompts', 'name').map(showPrompt) }),
  merge(result, shown, returned) {
    if (shown.tag !== 'prompt-list' || returned.tag !== 'prompt-list') {
      return refuse(`a prompt list became ${returned.tag}`);
    }
    const originals = entriesOf(result, 'prompts', 'name');
    const prompts = mergeEntries(originals, shown.val, returned.val, prompt => prompt.name, mergePrompt);
    return withMembers(result, { prompts });
  },
};

/** The results of `resources/list` (`uri` names an entry) and `resources/templates/list` (`uriTemplate` does). */
export const resourceListView: View<Response> = resourceEntries('resources', 'uri');
export const resourceTemplateListView: View<Response> = resourceEntries('resourceTemplates', 'uriTemplate');

function resourceEntries(list: string, key: string): View<Response> {
  return {
    hasBlobs: noBlobs,
    show: result => ({
      tag: 'resource-list',
      val: entriesOf(result, list, key).map(entry => showResource(entry, key)),
    }),
    merge(result, shown, returned) {
      if (shown.tag !== 'resource-list' || returned.tag !== 'resource-list') {
        return refuse(`a resource list became ${returned.tag}`);
      }
      const originals = entriesOf(result, list, key);
      return withMembers(result, {
        [list]: mergeEntries(originals, shown.val, returned.val, entry => entry.uri, mergeResource),
      });
    },
  };
}

/** Returns entries with a name. One without cannot be requested, and is left out once a plugin changed the list. */
const entriesOf = (result: JsonObject, list: string, key: string): readonly JsonObject[] =>
  listMember(result, list)
    .filter(isJsonObject)
    .filter(entry => typeof entry[key] === 'string');

/**
 * Merges a changed list. Plugins may remove, move and change entries, which are matched by name. They cannot add
 * entries, because no upstream would serve them.
 */
function mergeEntries<T>(
  originals: readonly JsonObject[],
  shown: readonly T[],
  returned: readonly T[],
  nameOf: (entry: T) => string,
  merge: (original: JsonObject, shown: T, returned: T) => JsonObject,
): JsonObject[] {
  const places = new Map<string, number[]>();
  for (const [place, entry] of [...shown.entries()].reverse()) {
    const known = places.get(nameOf(entry));
    if (known === undefined) places.set(nameOf(entry), [place]);
    else known.push(place);
  }
  return returned.map(entry => {
    const place = places.get(nameOf(entry))?.pop();
    const original = place === undefined ? undefined : originals[place];
    const before = place === undefined ? undefined : shown[place];
    if (original === undefined || before === undefined) {
      return refuse(`${nameOf(entry).slice(0, 200)} was not in the list`);
    }
    return merge(original, before, entry);
  });
}

function showTool(tool: JsonObject): Tool {
  const outputSchema = jsonMember(tool, 'outputSchema');
  const annotations = jsonMember(tool, 'annotations');
  return {
    name: nameMember(tool),
    ...showTexts(tool),
    inputSchema: jsonMember(tool, 'inputSchema') ?? '{}',
    ...(outputSchema !== undefined && { outputSchema }),
    ...(annotations !== undefined && { annotations }),
  };
}

const mergeTool = (original: JsonObject, shown: Tool, returned: Tool): JsonObject =>
  withMembers(original, {
    ...changedTexts(shown, returned),
    ...changedObject('inputSchema', shown.inputSchema, returned.inputSchema),
    ...changedObject('outputSchema', shown.outputSchema, returned.outputSchema),
    ...changedObject('annotations', shown.annotations, returned.annotations),
  });

function showPrompt(prompt: JsonObject): Prompt {
  return {
    name: nameMember(prompt),
    ...showTexts(prompt),
    arguments: entriesOf(prompt, 'arguments', 'name').map(argument => ({
      name: nameMember(argument),
      ...showDescription(argument),
      required: argument.required === true,
    })),
  };
}

function mergePrompt(original: JsonObject, shown: Prompt, returned: Prompt): JsonObject {
  const members = changedTexts(shown, returned);
  if (isSame(shown.arguments, returned.arguments)) return withMembers(original, members);
  const known = new Map(entriesOf(original, 'arguments', 'name').map(argument => [nameMember(argument), argument]));
  return withMembers(original, {
    ...members,
    arguments: returned.arguments.map(({ name, description, required }) => {
      const argument = known.get(name) ?? { name };
      return withMembers(argument, {
        ...changed('description', stringMember(argument, 'description'), description),
        ...changed('required', argument.required === true, required),
      });
    }),
  });
}

function showResource(entry: JsonObject, key: string): ResourceEntry {
  const mimeType = stringMember(entry, 'mimeType');
  return {
    uri: stringMember(entry, key) ?? '',
    name: nameMember(entry),
    ...showTexts(entry),
    ...(mimeType !== undefined && { mimeType }),
  };
}

const mergeResource = (original: JsonObject, shown: ResourceEntry, returned: ResourceEntry): JsonObject =>
  withMembers(original, {
    ...changed('name', shown.name, returned.name),
    ...changedTexts(shown, returned),
    ...changed('mimeType', shown.mimeType, returned.mimeType),
  });

interface Texts {
  title?: string;
  description?: string;
}

const nameMember = (entry: JsonObject): string => stringMember(entry, 'name') ?? '';

function showTexts(entry: JsonObject): Texts {
  const title = stringMember(entry, 'title');
  return { ...(title !== undefined && { title }), ...showDescription(entry) };
}

function showDescription(entry: JsonObject): Texts {
  const description = stringMember(entry, 'description');
  return description === undefined ? {} : { description };
}

const changedTexts = (shown: Texts, returned: Texts): Record<string, Json | undefined> => ({
  ...changed('title', shown.title, returned.title),
  ...changed('description', shown.description, returned.description),
});

function changedObject(name: string, shown: string | undefined, returned: string | undefined) {
  if (shown === returned) return {};
  return { [name]: returned === undefined ? undefined : parseObject(returned, name) };
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
