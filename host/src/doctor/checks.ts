import { addressSpace } from './check/address-space.ts';
import { authorizationServers } from './check/authorization-servers.ts';
import { certificates } from './check/certificates.ts';
import { clock } from './check/clock.ts';
import { clockSkew } from './check/clock-skew.ts';
import { configWarnings } from './check/config-warnings.ts';
import { contradictingTimeouts } from './check/contradicting-timeouts.ts';
import { diskSpace } from './check/disk-space.ts';
import { ignoredFailures } from './check/ignored-failures.ts';
import { inlinePlugins } from './check/inline-plugins.ts';
import { lanesAndCores } from './check/lanes-and-cores.ts';
import { learningPlugins } from './check/learning-plugins.ts';
import { manyTools } from './check/many-tools.ts';
import { memory } from './check/memory.ts';
import { mutableTags } from './check/mutable-tags.ts';
import { newerVersions } from './check/newer-versions.ts';
import { nodeVersion } from './check/node-version.ts';
import { openFiles } from './check/open-files.ts';
import { openMetrics } from './check/open-metrics.ts';
import { openToEverybody } from './check/open-to-everybody.ts';
import { portInUse } from './check/port-in-use.ts';
import { reachableAdmin } from './check/reachable-admin.ts';
import { readableSecrets } from './check/readable-secrets.ts';
import { registries } from './check/registries.ts';
import { secretValues } from './check/secret-values.ts';
import { sharedConnections } from './check/shared-connections.ts';
import { staleLockfile } from './check/stale-lockfile.ts';
import { startRefused } from './check/start-refused.ts';
import { starvingLimits } from './check/starving-limits.ts';
import { telemetryEndpoint } from './check/telemetry-endpoint.ts';
import { tokenKeys } from './check/token-keys.ts';
import { toolNames } from './check/tool-names.ts';
import { trustKeys } from './check/trust-keys.ts';
import { unauditedIdentity } from './check/unaudited-identity.ts';
import { unencryptedUpstreams } from './check/unencrypted-upstreams.ts';
import { ungrantedCapabilities } from './check/ungranted-capabilities.ts';
import { unsignedPlugins } from './check/unsigned-plugins.ts';
import { upstreamsReachable } from './check/upstreams-reachable.ts';
import type { Check } from './check.ts';

/** Reports why the configuration cannot be read. No other check runs without one. */
export const invalidConfiguration: Omit<Check, 'find'> = {
  id: 'DR001',
  severity: 'error',
  about: 'whether the configuration is valid, and its variables are set',
  why: 'The gateway does not start.',
  fix: 'Fix the reported problem.',
};

/** All checks of a valid configuration. To add one, add a file to `check/` and a line here. */
export const checks: readonly Check[] = [
  configWarnings,
  startRefused,
  nodeVersion,
  openFiles,
  memory,
  addressSpace,
  diskSpace,
  readableSecrets,
  secretValues,
  clock,
  portInUse,
  openToEverybody,
  openMetrics,
  reachableAdmin,
  certificates,
  trustKeys,
  mutableTags,
  staleLockfile,
  unsignedPlugins,
  ignoredFailures,
  inlinePlugins,
  learningPlugins,
  ungrantedCapabilities,
  registries,
  newerVersions,
  upstreamsReachable,
  toolNames,
  manyTools,
  sharedConnections,
  authorizationServers,
  clockSkew,
  telemetryEndpoint,
  tokenKeys,
  unencryptedUpstreams,
  contradictingTimeouts,
  lanesAndCores,
  starvingLimits,
  unauditedIdentity,
];
