/** Removes the version from an import's name: `sallyport:plugin/log@0.1.0` becomes `sallyport:plugin/log`. */
export const interfaceOf = (name: string): string => name.replace(/@.*$/, '');
