import type { Response, ServerList } from '../../contract/generated/types.js';
import type { ListMethod } from '../../mcp/methods.ts';
import { refuse } from '../invalid-output.ts';
import { promptListView, resourceListView, resourceTemplateListView, toolListView } from './list.ts';
import { noBlobs, type View } from './view.ts';

type Tag = ServerList['tag'];

/** A list of a server, as a result of its method is shown to after hooks. */
function serverListView(tag: Tag, of: View<Response>): View<ServerList> {
  return {
    hasBlobs: noBlobs,
    show(value) {
      const { val } = of.show(value, false);
      return { tag, val } as ServerList;
    },
    merge(value, { val: shown }, returned) {
      if (returned.tag !== tag) return refuse(`a list of ${tag} became one of ${returned.tag}`);
      const response = responseTags[tag];
      return of.merge(
        value,
        { tag: response, val: shown } as Response,
        { tag: response, val: returned.val } as Response,
      );
    },
  };
}

const responseTags = {
  tools: 'tool-list',
  prompts: 'prompt-list',
  resources: 'resource-list',
  'resource-templates': 'resource-list',
} as const satisfies Readonly<Record<Tag, Response['tag']>>;

/** The views of whole lists, by the method that returns them. */
export const serverListViews: Readonly<Record<ListMethod, View<ServerList>>> = {
  'tools/list': serverListView('tools', toolListView),
  'prompts/list': serverListView('prompts', promptListView),
  'resources/list': serverListView('resources', resourceListView),
  'resources/templates/list': serverListView('resource-templates', resourceTemplateListView),
};
