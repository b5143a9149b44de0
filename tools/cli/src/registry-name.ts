import { parseReference } from '@sallyport/host/source/reference';

/** `host[:port]`, as references have it: lower case. @throws Fault `reference_invalid` */
export const registryName = (word: string): string => parseReference(`${word}/repository:tag`).registry;
