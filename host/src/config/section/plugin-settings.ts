import { z } from 'zod';
import { plainSection } from './section.ts';

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
      })
      .prefault({}),
  },
});
