import type { Check } from '../check.ts';

/** Plugins whose failures let requests pass, although the setting of all plugins says that they block. */
export const ignoredFailures: Check = {
  id: 'DR306',
  severity: 'warning',
  about: 'plugins whose failures let requests pass',
  why: 'A client that makes the plugin fail gets past it.',
  fix: 'Use `on_error: deny` for a plugin that protects something.',
  find: ({ config: { plugins, plugin_settings: settings } }) =>
    plugins
      .filter(({ mode }) => mode === 'enforce' && settings.fail_on_plugin_error)
      .flatMap(({ id, on_error: onError }) => {
        const causes = Object.entries(onError)
          .filter(([, action]) => action !== 'deny')
          .map(([cause]) => cause);
        const what = `After a failure of ${id} the request goes on: ${causes.join(', ')}.`;
        return causes.length === 0 ? [] : [{ what, at: `plugins.${id}.on_error` }];
      }),
};
