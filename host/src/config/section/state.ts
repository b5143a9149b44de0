import { z } from 'zod';
import { text } from './fields.ts';
import { section } from './section.ts';

/** `kv`: where plugins keep values from one request to the next. */
export const stateSection = section({
  shape: {
    kv: z
      .strictObject({
        store: z.enum(['sqlite', 'memory']).default('sqlite'),
        path: text.default('~/.local/state/sallyport/kv.sqlite').describe('The file of the sqlite store.'),
      })
      .prefault({})
      .describe('Where plugins that are granted kv_store keep their values.'),
  },
  finish: ({ kv }, files) => ({ kv: { ...kv, path: files.absolute(kv.path) } }),
});
