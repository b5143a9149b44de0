import { type Program, parse } from 'acorn';

/** Parses glue: the body of a function, as prepareGlue returns it. @throws SyntaxError */
export const parseGlue = (glue: string): Program =>
  parse(glue, { ecmaVersion: 'latest', sourceType: 'script', allowReturnOutsideFunction: true });
