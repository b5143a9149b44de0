/** What plugins and the gateway agree on: descriptors, kinds, artifacts, hook calls. */

export { type Artifact, createArtifact, type SignatureClaim, type VerifiedArtifact } from '../contract/artifact.ts';
export type { Request, Response, ServerList } from '../contract/generated/types.d.ts';
export type {
  Caller,
  CallReport,
  ChainInput,
  ChainOutput,
  FederationQuestion,
  HookRunner,
  IdentityQuestion,
  RequestState,
  UpstreamRequest,
} from '../contract/hook-call.ts';
export { authenticationHooks, federationHooks, hookNames } from '../contract/hook-name.ts';
export { interfaceOf } from '../contract/interface-name.ts';
export { kinds } from '../contract/kinds.ts';
export {
  type PluginDescriptor,
  parseDescriptor,
  pluginDescriptorSchema,
  pluginIdSchema,
  sameDescriptor,
} from '../contract/plugin-descriptor.ts';
export type { ContractTable } from '../contract/value-type.ts';
export { schemaGaps } from '../core/json-schema.ts';
export type { CalledHook } from '../mcp/methods.ts';
