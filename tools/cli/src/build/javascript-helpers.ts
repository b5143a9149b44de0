import { join } from 'node:path';

/** The folder of `@sallyport/plugin` and the contract's types, which `plugin new` copies into a new plugin. */
export const helpersFolder = join(import.meta.dirname, '../../../../sdk/js');
