import type { AnyNode, Node, Program } from 'acorn';
import { childrenOf } from './free-identifiers.ts';
import { parseGlue } from './parse-glue.ts';

/**
 * Takes out of glue the declarations that nothing reaches. Functions and classes do nothing until they are used, nor do
 * variables with such a value, so what is left does what it did.
 * @param glue the body of a function that returns `instantiate`, as prepareGlue makes it
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
    for (const child of mentionsOf(node)) note(child, inner);
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

/** The statements of `instantiate`, and those of the generator in it that does the work. */
function bodiesOf(program: Program): readonly (readonly AnyNode[])[] {
  const outer = program.body.flatMap(node => (node.type === 'FunctionDeclaration' ? [node.body.body] : []));
  return [...outer, ...outer.flat().flatMap(generatorBody)];
}

/** Of `let gen = (function* () { … })()`. */
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

/** Builtins that only make something. */
const makers = new Set(['Map', 'Set', 'WeakMap', 'WeakSet', 'TextDecoder', 'TextEncoder', 'DataView', 'ArrayBuffer']);

/** Whether evaluating it has no effect, and cannot fail. Names are read, which can fail for none that is declared. */
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
      return node.callee.type === 'Identifier' && makers.has(node.callee.name) && node.arguments.every(isInertValue);
    default:
      return false;
  }
}

/** What a node says, but for the names that it declares, and names of members and labels. */
function* mentionsOf(node: AnyNode): Generator<AnyNode> {
  const passedOver = new Set<Node | null | undefined>();
  if (node.type === 'MemberExpression' && !node.computed) passedOver.add(node.property);
  if (
    (node.type === 'Property' || node.type === 'MethodDefinition' || node.type === 'PropertyDefinition') &&
    !node.computed
  )
    passedOver.add(node.key);
  if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') passedOver.add(node.id);
  if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier') passedOver.add(node.id);
  for (const child of childrenOf(node)) if (!passedOver.has(child) || isShorthand(node)) yield child;
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
