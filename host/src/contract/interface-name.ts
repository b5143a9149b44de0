/** An import's name without its version: `sallyport:plugin/log` of `sallyport:plugin/log@0.1.0`. */
export const interfaceOf = (name: string): string => name.replace(/@.*$/, '');
