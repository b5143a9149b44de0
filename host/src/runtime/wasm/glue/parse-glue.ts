import { type Program, parse } from 'acorn';

/** Glue as a program: the body of a function, as prepareGlue makes it. @throws SyntaxError */
export const parseGlue = (glue: string): Program =>
  parse(glue, { ecmaVersion: 'latest', sourceType: 'script', allowReturnOutsideFunction: true });
