import type { Check } from '../check.ts';

/** Plugins whose failures let requests continue, although the setting for all plugins is to deny. */
export const ignoredFailures: Check = {
  id: 'DR306',
  severity: 'warning',
  about: 'plugins whose failures do not block requests',
  why: 'A client that can make the plugin fail bypasses it.',
  fix: 'Set `on_error: deny` for every plugin that protects something.',
  find: ({ config: { plugins, plugin_settings: settings } }) =>
    plugins
      .filter(({ mode }) => mode === 'enforce' && settings.fail_on_plugin_error)
      .flatMap(({ id, on_error: onError }) => {
        const causes = Object.entries(onError)
          .filter(([, action]) => action !== 'deny')
          .map(([cause]) => cause);
        const what = `Requests continue without ${id} when it fails (${causes.join(', ')}).`;
        return causes.length === 0 ? [] : [{ what, at: `plugins.${id}.on_error` }];
      }),
};
