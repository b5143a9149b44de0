import type { AnyNode, Node, Program } from 'acorn';
import { childrenOf } from './free-identifiers.ts';
import { parseGlue } from './parse-glue.ts';

/**
 * Removes the declarations of glue that nothing reaches. Functions and classes have no effect until they are used, nor
 * do variables with such a value, so the rest behaves as before.
 * @param glue the body of a function that returns `instantiate`, as prepareGlue returns it
 */
export function dropUnreached(glue: string): string {
  const program = parseGlue(glue);
  const declarations = bodiesOf(program).flatMap(body => body.flatMap(declarationOf));
  const homes = new Map<AnyNode, Declaration>(declarations.map(each => [each.node, each]));

  const used = new Set<string>();
  const usedBy = new Map<Declaration, Set<string>>(declarations.map(each => [each, new Set()]));
  const note = (node: AnyNode, home: Declaration | undefined): void => {
    const inner = homes.get(node) ?? home;
    if (node.type === 'Identifier') (inner === undefined ? used : usedBy.get(inner))?.add(node.name);
    for (const child of usesIn(node)) note(child, inner);
  };
  note(program, undefined);

  const open = [...used];
  const kept = new Set<Declaration>();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const declaration of declarations) {
      if (kept.has(declaration) || !declaration.names.includes(name)) continue;
      kept.add(declaration);
      open.push(...(usedBy.get(declaration) ?? []));
    }
  }
  return without(
    glue,
    declarations.filter(each => !kept.has(each)).map(({ node }) => node),
  );
}

/** A declaration that has no effect of its own. */
interface Declaration {
  readonly node: AnyNode;
  readonly names: readonly string[];
}

/** Returns the statements of `instantiate`, and those of the generator in it that does the work. */
function bodiesOf(program: Program): readonly (readonly AnyNode[])[] {
  const outer = program.body.flatMap(node => (node.type === 'FunctionDeclaration' ? [node.body.body] : []));
  return [...outer, ...outer.flat().flatMap(generatorBody)];
}

/** Returns the body of the generator in `let gen = (function* () { … })()`. */
const generatorBody = (node: AnyNode): AnyNode[][] =>
  node.type !== 'VariableDeclaration'
    ? []
    : node.declarations.flatMap(({ init }) =>
        init?.type === 'CallExpression' && init.callee.type === 'FunctionExpression' ? [init.callee.body.body] : [],
      );

function declarationOf(node: AnyNode): Declaration[] {
  if (node.type === 'FunctionDeclaration') return node.id ? [{ node, names: [node.id.name] }] : [];
  if (node.type === 'ClassDeclaration') {
    const isInert = node.body.body.every(member => member.type !== 'StaticBlock' && isInertMember(member));
    return node.id && isInert && (!node.superClass || isInertValue(node.superClass))
      ? [{ node, names: [node.id.name] }]
      : [];
  }
  if (node.type !== 'VariableDeclaration') return [];
  const names = node.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []));
  const isInert = node.declarations.every(({ id, init }) => id.type === 'Identifier' && (!init || isInertValue(init)));
  return isInert ? [{ node, names }] : [];
}

const isInertMember = (member: AnyNode): boolean =>
  member.type !== 'PropertyDefinition' || !member.static || !member.value || isInertValue(member.value);

/** Classes whose constructors have no effect. */
const inertClasses = new Set([
  'Map',
  'Set',
  'WeakMap',
  'WeakSet',
  'TextDecoder',
  'TextEncoder',
  'DataView',
  'ArrayBuffer',
]);

/** Returns whether evaluating a node has no effect and cannot fail. Reading a declared name cannot fail. */
function isInertValue(node: AnyNode): boolean {
  switch (node.type) {
    case 'Literal':
    case 'Identifier':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return true;
    case 'UnaryExpression':
      return isInertValue(node.argument);
    case 'BinaryExpression':
      return node.left.type !== 'PrivateIdentifier' && isInertValue(node.left) && isInertValue(node.right);
    case 'ArrayExpression':
      return node.elements.every(each => each !== null && isInertValue(each));
    case 'ObjectExpression':
      return node.properties.every(each => each.type === 'Property' && !each.computed && isInertValue(each.value));
    case 'NewExpression':
      return (
        node.callee.type === 'Identifier' && inertClasses.has(node.callee.name) && node.arguments.every(isInertValue)
      );
    default:
      return false;
  }
}

/** Yields the children of a node, without the names that it declares and names of members. */
function* usesIn(node: AnyNode): Generator<AnyNode> {
  const skipped = new Set<Node | null | undefined>();
  if (node.type === 'MemberExpression' && !node.computed) skipped.add(node.property);
  if (
    (node.type === 'Property' || node.type === 'MethodDefinition' || node.type === 'PropertyDefinition') &&
    !node.computed
  )
    skipped.add(node.key);
  if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') skipped.add(node.id);
  if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier') skipped.add(node.id);
  for (const child of childrenOf(node)) if (!skipped.has(child) || isShorthand(node)) yield child;
}

const isShorthand = (node: AnyNode): boolean => node.type === 'Property' && node.shorthand;

function without(text: string, nodes: readonly Node[]): string {
  let at = 0;
  let rest = '';
  for (const { start, end } of nodes.toSorted((a, b) => a.start - b.start)) {
    rest += text.slice(at, start);
    at = end;
  }
  return rest + text.slice(at);
}
