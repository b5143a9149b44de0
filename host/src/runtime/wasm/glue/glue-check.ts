import type { AnyNode, Identifier, Node, Program } from 'acorn';
import { fail } from '../../../core/fault.ts';
import { childrenOf, freeIdentifiers } from './free-identifiers.ts';
import { glueSurroundings } from './glue-surroundings.ts';
import { parseGlue } from './parse-glue.ts';

/** Raise it when these rules or the finishing of glue change: results of older rules are then made again. */
export const glueRules = 5;

/**
 * Parses glue and refuses everything that the glue of honest components does not have: names from its surroundings,
 * imports, forms of expressions, members that lead to constructors of code. It does not rely on the check of core
 * names, so it holds without it.
 * @param glue the body of a function, as prepareGlue returns it
 * @throws Fault `glue_refused`
 */
export function checkGlue(glue: string): void {
  const program = parsed(glue);
  for (const statement of program.body) {
    if (!isExpectedAtTop(statement)) refuse(`a ${statement.type} beside instantiate`, statement);
  }
  for (const name of freeIdentifiers(program)) {
    if (!surroundings.has(name)) refuse(`the name ${name}, which it does not declare`);
  }
  checkForms(program, program);
}

/** The names that glue may take from its surroundings. */
const surroundings = new Set([
  ...glueSurroundings,
  // jco uses these in branches that are never taken. The realm does not have them.
  ...['componentIdx', 'rep', 'vals'],
]);

/** Members that lead from any value to code from strings, or that change what all objects share. */
const forbiddenMembers = new Set([
  ...['constructor', '__proto__', 'eval', 'Function'],
  ...['__defineGetter__', '__defineSetter__', '__lookupGetter__', '__lookupSetter__'],
  ...['setPrototypeOf', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'getOwnPropertyDescriptors'],
]);

const forms = new Set<string>([
  ...['Program', 'ExpressionStatement', 'EmptyStatement', 'BlockStatement', 'ReturnStatement', 'IfStatement'],
  ...['SwitchStatement', 'SwitchCase', 'BreakStatement', 'ContinueStatement', 'LabeledStatement', 'ThrowStatement'],
  ...['TryStatement', 'CatchClause', 'WhileStatement', 'DoWhileStatement', 'ForStatement', 'ForOfStatement'],
  ...['VariableDeclaration', 'VariableDeclarator', 'FunctionDeclaration', 'FunctionExpression', 'ForInStatement'],
  ...['ArrowFunctionExpression', 'ClassDeclaration', 'ClassExpression', 'ClassBody', 'PropertyDefinition'],
  ...['MethodDefinition', 'PrivateIdentifier', 'Super', 'ThisExpression', 'Identifier', 'Literal', 'TemplateLiteral'],
  ...['TemplateElement', 'ArrayExpression', 'ObjectExpression', 'Property', 'SpreadElement', 'ObjectPattern'],
  ...['ArrayPattern', 'RestElement', 'AssignmentPattern', 'MemberExpression', 'ChainExpression', 'CallExpression'],
  ...['NewExpression', 'AwaitExpression', 'YieldExpression', 'AssignmentExpression', 'UpdateExpression'],
  ...['BinaryExpression', 'LogicalExpression', 'UnaryExpression', 'ConditionalExpression', 'SequenceExpression'],
]);

function parsed(glue: string): Program {
  try {
    return parseGlue(glue);
  } catch (error) {
    return refuse(`text that is not JavaScript: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isExpectedAtTop(node: AnyNode): boolean {
  if (node.type === 'EmptyStatement') return true;
  if (node.type === 'ExpressionStatement') return node.directive !== undefined;
  if (node.type === 'FunctionDeclaration') return node.id?.name === 'instantiate';
  return node.type === 'ReturnStatement' && isNamed(node.argument, 'instantiate');
}

function checkForms(node: AnyNode, parent: AnyNode): void {
  if (!forms.has(node.type)) refuse(`a ${node.type}`, node);
  if (node.type === 'SequenceExpression' && !isResolverPair(node, parent)) refuse('a SequenceExpression', node);
  if (isNamed(node, 'globalThis') && !isMember(parent, node, 'WebAssembly')) refuse('a use of globalThis', node);
  if (node.type === 'ForStatement' && isOverLiteral(node)) refuse('a loop over a fixed number of elements', node);
  const member = memberName(node);
  if (member !== undefined && forbiddenMembers.has(member)) refuse(`the member ${member}`, node);
  for (const child of childrenOf(node)) checkForms(child, node);
}

/** Returns whether a loop copies a list of fixed length: no variable has its length, so it would not be counted. */
const isOverLiteral = ({ test }: Extract<AnyNode, { type: 'ForStatement' }>): boolean =>
  test?.type === 'BinaryExpression' && (test.right.type === 'Literal' || test.left.type === 'Literal');

/** Returns whether a node is `(resolve = a, reject = b)` as the body of an arrow function, the only sequence of jco. */
const isResolverPair = (node: Extract<AnyNode, { type: 'SequenceExpression' }>, parent: AnyNode): boolean =>
  parent.type === 'ArrowFunctionExpression' &&
  node.expressions.every(
    each => each.type === 'AssignmentExpression' && each.left.type === 'Identifier' && each.right.type === 'Identifier',
  );

/** Returns the name of a member or property that is written out: `a.b`, `a['b']`, `{ b: … }`, `{ 'b': … }`. */
function memberName(node: AnyNode): string | undefined {
  if (node.type === 'MemberExpression') return keyName(node.property, node.computed);
  // The constructor of a class is not a member.
  if (node.type === 'Property') return keyName(node.key, node.computed);
  return undefined;
}

function keyName(key: AnyNode, computed: boolean): string | undefined {
  if (key.type === 'Identifier') return computed ? undefined : key.name;
  return key.type === 'Literal' && typeof key.value === 'string' ? key.value : undefined;
}

const isNamed = (node: AnyNode | null | undefined, name: string): node is Identifier =>
  node?.type === 'Identifier' && node.name === name;

const isMember = (parent: AnyNode, object: Node, name: string): boolean =>
  parent.type === 'MemberExpression' && parent.object === object && keyName(parent.property, parent.computed) === name;

function refuse(what: string, node?: Node): never {
  return fail('glue_refused', { found: what, ...(node === undefined ? {} : { at: node.start }) });
}
