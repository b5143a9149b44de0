/** The points in a request's life at which plugins are called. */
export const hookNames = [
  'tool_pre_invoke',
  'tool_post_invoke',
  'prompt_pre_fetch',
  'prompt_post_fetch',
  'resource_pre_fetch',
  'resource_post_fetch',
  'tool_list',
  'prompt_list',
  'resource_list',
  'server_pre_register',
  'server_post_register',
  'auth_pre_check',
  'auth_post_check',
  'federation_pre_sync',
  'federation_post_sync',
] as const;

/** The hooks of identity plugins. */
export const authenticationHooks = ['auth_pre_check', 'auth_post_check'] as const satisfies readonly HookName[];

/** The hooks of federation plugins. */
export const federationHooks = [
  'server_pre_register',
  'server_post_register',
  'federation_pre_sync',
  'federation_post_sync',
] as const satisfies readonly HookName[];

export type HookName = (typeof hookNames)[number];
