import { text } from './fields.ts';
import { section } from './section.ts';

/** `cache_dir`: where fetched and compiled plugins are kept. */
export const cacheSection = section({
  shape: { cache_dir: text.default('~/.cache/sallyport') },
  finish: ({ cache_dir }, files) => ({ cache_dir: files.absolute(cache_dir) }),
});
