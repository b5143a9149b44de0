import { join } from 'node:path';

/** The module `@sallyport/plugin`, with the types of the contract: what `plugin new` puts into a new folder. */
export const helpersFolder = join(import.meta.dirname, '../../../../sdk/js');
