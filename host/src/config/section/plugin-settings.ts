import { z } from 'zod';
import type { FailureAction, FailureCause } from '../../contract/hook-call.ts';
import { everyCause } from '../../contract/hook-policy.ts';
import { memberAt } from '../member-at.ts';
import { plainSection } from './section.ts';

const inMilliseconds = (value: number) => Math.round(value * 1000);

const seconds = z
  .number()
  .min(0.001)
  .max(3600)
  .refine(
    value => inMilliseconds(value) / 1000 === value,
    'expected seconds, with at most three digits after the point',
  );

/** `plugin_settings`: how plugins run, all of them. */
export const pluginSettingsSection = plainSection({
  shape: {
    plugin_settings: z
      .strictObject({
        parallel_execution_within_band: z
          .boolean()
          .default(false)
          .describe(
            'Whether consecutive plugins whose priority is stated and equal run at the same time, on the same value. Their changes are merged.',
          ),
        plugin_timeout: seconds
          .optional()
          .describe('Wall time of one hook call in seconds; the same as limits.plugin.timeout_ms, in its place.'),
        fail_on_plugin_error: z
          .boolean()
          .default(true)
          .describe('Whether a failure without an on_error of its own blocks the request (deny) or is ignored.'),
        enable_plugin_api: z
          .boolean()
          .default(false)
          .describe(
            'Whether GET /plugins lists the plugins with their modes and state, for those who may read /metrics.',
          ),
        plugin_health_check_interval: seconds
          .default(1)
          .describe('Seconds until a plugin that keeps failing is tried again, unless its breaker.open_ms is set.'),
      })
      .prefault({}),
  },
  problems(value) {
    const path = ['plugin_settings', 'plugin_timeout'];
    const other = ['limits', 'plugin', 'timeout_ms'];
    if (memberAt(value, path) === undefined || memberAt(value, other) === undefined) return [];
    return [{ path, message: `${other.join('.')} states the same limit`, hint: 'remove one of the two' }];
  },
  warnings: value =>
    memberAt(value, ['plugin_settings', 'fail_on_plugin_error']) === false
      ? [
          {
            path: ['plugin_settings', 'fail_on_plugin_error'],
            message: 'a plugin that fails is skipped, and the request continues without it',
            hint: 'set on_error: deny for the plugins that must see every request',
          },
        ]
      : [],
});

type PluginSettings = z.output<(typeof pluginSettingsSection)['shape']['plugin_settings']>;

/** The settings of one plugin that have a default in `plugin_settings`. */
interface StatedSettings {
  readonly on_error: Readonly<Partial<Record<FailureCause, FailureAction>>>;
  readonly breaker: { readonly failures: number; readonly open_ms?: number | undefined };
}

/** Returns the settings of a plugin, with the defaults that `plugin_settings` states. */
export const withPluginSettings = (
  { on_error, breaker: { failures, open_ms } }: StatedSettings,
  settings: PluginSettings,
) => ({
  on_error: { ...everyCause(settings.fail_on_plugin_error ? 'deny' : 'ignore'), ...on_error },
  breaker: { failures, open_ms: open_ms ?? inMilliseconds(settings.plugin_health_check_interval) },
});

/** Returns the limits of plugins without limits of their own. */
export const withPluginTimeout = <L extends { readonly plugin: { readonly timeout_ms: number } }>(
  limits: L,
  { plugin_timeout }: PluginSettings,
): L =>
  plugin_timeout === undefined
    ? limits
    : { ...limits, plugin: { ...limits.plugin, timeout_ms: inMilliseconds(plugin_timeout) } };
