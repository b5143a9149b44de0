import type { JsonObject } from '../../core/json.ts';

/** The settings of a binding that offers tools by search. */
export interface ToolSearchSettings {
  /** How many tools a search returns unless the client asks for another number. */
  readonly results: number;
}

/** The most tools that one search returns. */
export const mostResults = 50;

const name = { type: 'string', description: 'The name of the tool, as search_tools returned it.' };

/** Returns the tools that a client is listed instead of those of the upstreams. */
export const searchTools = ({ results }: ToolSearchSettings): readonly JsonObject[] => [
  {
    name: 'search_tools',
    title: 'Search tools',
    description:
      'Finds tools of this server by what they do. Returns their names and descriptions, the best match first. Look here before you conclude that something cannot be done. Then use describe_tool and call_tool.',
    inputSchema: {
      type: 'object',
      properties: {
        query: {
          type: 'string',
          description:
            'A few words about what the tool does, or parts of its name. Empty: the first tools of the list.',
        },
        limit: { type: 'integer', minimum: 1, maximum: mostResults, default: results },
      },
      required: ['query'],
    },
    annotations: { readOnlyHint: true, openWorldHint: false },
  },
  {
    name: 'describe_tool',
    title: 'Describe a tool',
    description: 'Returns the definition of one tool: its full description, and the JSON Schema of its arguments.',
    inputSchema: { type: 'object', properties: { name }, required: ['name'] },
    annotations: { readOnlyHint: true, openWorldHint: false },
  },
  {
    name: 'call_tool',
    title: 'Call a tool',
    description: 'Calls a tool of this server and returns its result.',
    inputSchema: {
      type: 'object',
      properties: {
        name,
        arguments: { type: 'object', description: 'The arguments, as the inputSchema of describe_tool requires.' },
      },
      required: ['name'],
    },
  },
];
