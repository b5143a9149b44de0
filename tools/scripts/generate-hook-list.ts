import { authenticationHooks, federationHooks, hookNames } from '@sallyport/host/contract';
import { calledHooks, methods } from '@sallyport/host/mcp';

type Method = (typeof methods)[keyof typeof methods];

/** Generates docs/hooks.md from the table of methods. */
export async function hookList(): Promise<Map<string, string>> {
  const rows = Object.entries(methods).map(([name, method]) => {
    const cells = [`\`${name}\``, hookOf(method, 'before'), hookOf(method, 'after'), without(method)];
    return `| ${cells.join(' | ')} |`;
  });
  const called = new Set<string>([...calledHooks, ...authenticationHooks, ...federationHooks]);
  const uncalled = hookNames.filter(name => !called.has(name)).map(name => `\`${name}\``);
  const lines = [
    '# Hooks',
    '',
    '<!-- Generated from host/src/mcp/methods.ts; run `pnpm generate`. -->',
    '',
    'Where plugins see what passes through the gateway. A before hook sees the request before its upstream does; an after hook',
    'sees the result before the client does. Both run in the order of `priority`. A tool that a plugin calls takes the same',
    "path as a client's call.",
    '',
    '| request | before | after | if there is no hook |',
    '|---|---|---|---|',
    ...rows,
    '',
    'After the before hooks, the [policies](operator-guide.md#policies) of the binding decide about the request as it will be',
    'sent, and before the after hooks of a list about its entries.',
    '',
    'Two hooks belong to the HTTP request and not to a method of MCP. Plugins of kind',
    '[identity](plugin-guide.md#identity-plugins) that `identity.checks` lists are called for them, for each request to a binding:',
    '',
    '| hook | when | what it can do |',
    '|---|---|---|',
    '| `auth_pre_check` | before the caller is authenticated | refuse the request |',
    '| `auth_post_check` | once the caller is authenticated | refuse the request, or take scopes away from the caller |',
    '',
    'Four hooks belong to an upstream and not to a request. Plugins of kind [federation](plugin-guide.md#federation-plugins) that',
    '[`federation`](operator-guide.md#plugins-that-check-upstreams) lists are called for them, whatever bindings the upstream has:',
    '',
    '| hook | when | what it can do |',
    '|---|---|---|',
    '| `server_pre_register` | before an upstream joins: at the start, and when it is registered later | refuse it |',
    '| `server_post_register` | once it has joined and was reached | nothing: it observes |',
    '| `federation_pre_sync` | before one of its lists is read | refuse that it is read |',
    '| `federation_post_sync` | once a whole list was read, before it is used | refuse the list, remove and change entries |',
    '',
    ...(uncalled.length === 0
      ? []
      : [`Names that descriptors may list, and that this version never calls: ${uncalled.join(', ')}.`, '']),
    '## What no hook sees',
    '',
    '- JSON-RPC errors, log messages and progress messages of upstreams. If a plugin of the binding has an after hook, clients',
    '  do not get their text, because a redaction would not see it; `unhooked: pass` passes it on.',
    '- Instructions and server information of upstreams, and completions. They always pass.',
    '- Notifications that a list changed, which have no content.',
    '- The calls of `search_tools` and `describe_tool` where a binding offers [tools by search](operator-guide.md#tools-by-search):',
    '  what they find has passed the hook `tool_list`. `call_tool` is a call of the tool that it names, with its hooks.',
    '',
    'A plugin with [conditions](operator-guide.md#modes-and-conditions) sees only the calls that match. Each call of a hook can',
    'leave a [receipt](receipts.md). A plugin [in shadow](operator-guide.md#plugins-in-shadow) sees what it would see in the chain,',
    'and nothing that it does counts.',
    '',
  ];
  return new Map([['docs/hooks.md', lines.join('\n')]]);
}

const hookOf = (method: Method, stage: 'before' | 'after') =>
  stage in method ? `\`${(method as Readonly<Record<string, unknown>>)[stage]}\`` : '';

function without(method: Method): string {
  switch (method.kind) {
    case 'own':
      return 'answered by the gateway';
    case 'unserved':
      return 'refused';
    case 'complete':
      return 'passed to the upstream and back';
    case 'call':
    case 'list':
      return '';
  }
}
