import { parseReference } from '@sallyport/host/source';

/** Returns `host[:port]` in lower case, as in references. @throws Fault `reference_invalid` */
export const registryName = (word: string): string => parseReference(`${word}/repository:tag`).registry;
