/** The management API: its description, and the types of its answers. */

export type { PrincipalEntry, SessionEntry } from '../admin/answer/caller.ts';
export type { ReloadAnswer } from '../admin/answer/change.ts';
export type { HookCall, PluginDetails, PluginStats, PluginSummary } from '../admin/answer/plugin.ts';
export type { Status } from '../admin/answer/status.ts';
export type { BindingReport, UpstreamReport } from '../admin/answer/upstream.ts';
export { adminDocument } from '../admin/operations.ts';
