import type { AnyNode, Node, Program } from 'acorn';

/** Names that one scope declares, and the scope around it. */
interface Scope {
  readonly names: Set<string>;
  readonly outer: Scope | undefined;
  /** Where `var` is hoisted to. */
  readonly isFunction: boolean;
}

/**
 * The identifiers of a program that no scope of it declares: what it would take from its surroundings.
 * Follows ECMAScript's scoping (ECMA-262 § Syntax-Directed Operations, Scope Analysis): `var` and function names are
 * hoisted, parameters and the name of a function expression live in the function.
 */
export function freeIdentifiers(program: Program): ReadonlySet<string> {
  const free = new Set<string>();
  const references: { readonly name: string; readonly scope: Scope }[] = [];
  visit(program, open(undefined, true), references);
  for (const { name, scope } of references) {
    let at: Scope | undefined = scope;
    while (at !== undefined && !at.names.has(name)) at = at.outer;
    if (at === undefined) free.add(name);
  }
  return free;
}

const open = (outer: Scope | undefined, isFunction: boolean): Scope => ({ names: new Set(), outer, isFunction });

type References = { readonly name: string; readonly scope: Scope }[];

function visit(node: AnyNode, scope: Scope, references: References): void {
  switch (node.type) {
    case 'Identifier':
      references.push({ name: node.name, scope });
      return;
    case 'FunctionDeclaration':
      if (node.id) scope.names.add(node.id.name);
      visitFunction(node, open(scope, true), references);
      return;
    case 'FunctionExpression':
    case 'ArrowFunctionExpression': {
      const inner = open(scope, true);
      if (node.type === 'FunctionExpression' && node.id) inner.names.add(node.id.name);
      visitFunction(node, inner, references);
      return;
    }
    case 'ClassDeclaration':
    case 'ClassExpression': {
      if (node.id) scope.names.add(node.id.name);
      if (node.superClass) visit(node.superClass, scope, references);
      visit(node.body, scope, references);
      return;
    }
    case 'VariableDeclaration': {
      const home = node.kind === 'var' ? functionScope(scope) : scope;
      for (const { id, init } of node.declarations) {
        declare(id, home, scope, references);
        if (init) visit(init, scope, references);
      }
      return;
    }
    case 'CatchClause': {
      const inner = open(scope, false);
      if (node.param) declare(node.param, inner, inner, references);
      visit(node.body, inner, references);
      return;
    }
    case 'BlockStatement':
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'SwitchStatement':
    case 'StaticBlock':
      visitChildren(node, open(scope, false), references);
      return;
    case 'MemberExpression':
      visit(node.object, scope, references);
      if (node.computed) visit(node.property, scope, references);
      return;
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition':
      if (node.computed) visit(node.key, scope, references);
      if (node.value) visit(node.value, scope, references);
      return;
    case 'LabeledStatement':
      visit(node.body, scope, references);
      return;
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'ExportSpecifier':
    case 'MetaProperty':
      return;
    default:
      visitChildren(node, scope, references);
  }
}

function visitFunction(
  node: Extract<AnyNode, { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }>,
  inner: Scope,
  references: References,
): void {
  inner.names.add('arguments');
  for (const param of node.params) declare(param, inner, inner, references);
  // The body shares the scope of the parameters: for what is free it makes no difference.
  if (node.body.type === 'BlockStatement') for (const statement of node.body.body) visit(statement, inner, references);
  else visit(node.body, inner, references);
}

/** Declares the names of a pattern in `home`; defaults and computed keys are read in `scope`. */
function declare(pattern: AnyNode, home: Scope, scope: Scope, references: References): void {
  switch (pattern.type) {
    case 'Identifier':
      home.names.add(pattern.name);
      return;
    case 'ObjectPattern':
      for (const property of pattern.properties) {
        if (property.type === 'RestElement') declare(property.argument, home, scope, references);
        else {
          if (property.computed) visit(property.key, scope, references);
          declare(property.value, home, scope, references);
        }
      }
      return;
    case 'ArrayPattern':
      for (const element of pattern.elements) if (element) declare(element, home, scope, references);
      return;
    case 'AssignmentPattern':
      declare(pattern.left, home, scope, references);
      visit(pattern.right, scope, references);
      return;
    case 'RestElement':
      declare(pattern.argument, home, scope, references);
      return;
    default:
      visit(pattern, scope, references);
  }
}

function functionScope(scope: Scope): Scope {
  let at = scope;
  while (!at.isFunction && at.outer !== undefined) at = at.outer;
  return at;
}

/** Every node below `node`, whatever its kind: a construct that is not known above hides nothing. */
function visitChildren(node: AnyNode, scope: Scope, references: References): void {
  for (const child of childrenOf(node)) visit(child, scope, references);
}

/** The nodes that are members of `node`, in the order of its members. */
export function* childrenOf(node: Node): Generator<AnyNode> {
  for (const value of Object.values(node)) {
    for (const each of Array.isArray(value) ? value : [value]) if (isNode(each)) yield each;
  }
}

const isNode = (value: unknown): value is AnyNode =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
