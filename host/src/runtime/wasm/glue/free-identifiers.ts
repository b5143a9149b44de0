import { type AnyNode, type Node, type Program, parse } from 'acorn';

/** Names that one scope declares, and the scope around it. */
interface Scope {
  readonly names: Set<string>;
  readonly outer: Scope | undefined;
  /** Whether `var` is hoisted to it. */
  readonly isFunction: boolean;
}

/**
 * Returns the identifiers that no scope of a program declares: it takes them from its surroundings.
 * Follows ECMAScript's scoping (ECMA-262 § Syntax-Directed Operations, Scope Analysis): `var` and function names are
 * hoisted, parameters and the name of a function expression live in the function.
 */
export const freeIdentifiers = (program: Program): ReadonlySet<string> =>
  new Set(freeNodes(program).map(({ name }) => name));

/** The references of a module to its surroundings, each with its offset in the text. */
export interface FreeReferences {
  /** Names that no scope declares. */
  readonly references: readonly { readonly name: string; readonly start: number }[];
  /** Names that may be missing without an error: they are used with `typeof`, or as members of the global object. */
  readonly questions: readonly { readonly name: string; readonly start: number }[];
  /** Methods that are called, of any object, and the number of their arguments. */
  readonly calls: readonly { readonly name: string; readonly given: number; readonly start: number }[];
}

/** Finds the references of a module to its surroundings. @throws SyntaxError */
export function freeReferences(code: string): FreeReferences {
  const program = parse(code, { ecmaVersion: 'latest', sourceType: 'module' });
  const free = new Set<Node>(freeNodes(program).map(({ node }) => node));
  const references: { name: string; start: number }[] = [];
  const questions: { name: string; start: number }[] = [];
  const calls: { name: string; given: number; start: number }[] = [];
  const nameOf = (node: AnyNode): string | undefined => {
    if (node.type === 'Identifier') return free.has(node) ? node.name : undefined;
    if (node.type !== 'MemberExpression' || node.computed || node.property.type !== 'Identifier') return undefined;
    const { object } = node;
    return object.type === 'Identifier' && globalObjects.has(object.name) && free.has(object)
      ? node.property.name
      : undefined;
  };
  const pending: AnyNode[] = [program];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const { start } = node;
    if (node.type === 'UnaryExpression' && node.operator === 'typeof') {
      const name = nameOf(node.argument);
      if (name !== undefined) {
        questions.push({ name, start });
        continue;
      }
    }
    if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression') {
      const { property } = node.callee;
      if (property.type === 'Identifier') calls.push({ name: property.name, given: node.arguments.length, start });
    }
    const name = nameOf(node);
    if (name === undefined) pending.push(...childrenOf(node));
    else (node.type === 'Identifier' ? references : questions).push({ name, start });
  }
  const inOrder = <T extends { start: number }>(found: T[]) => found.sort((one, other) => one.start - other.start);
  return { references: inOrder(references), questions: inOrder(questions), calls: inOrder(calls) };
}

const globalObjects: ReadonlySet<string> = new Set(['globalThis', 'self', 'window', 'global']);

/** Returns the identifiers that no scope declares, as nodes. */
function freeNodes(program: Program): References {
  const references: References = [];
  visit(program, open(undefined, true), references);
  return references.filter(({ name, scope }) => {
    let at: Scope | undefined = scope;
    while (at !== undefined && !at.names.has(name)) at = at.outer;
    return at === undefined;
  });
}

const open = (outer: Scope | undefined, isFunction: boolean): Scope => ({ names: new Set(), outer, isFunction });

type References = { readonly name: string; readonly node: Node; readonly scope: Scope }[];

function visit(node: AnyNode, scope: Scope, references: References): void {
  switch (node.type) {
    case 'Identifier':
      references.push({ name: node.name, node, scope });
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
    case 'ImportDeclaration':
      for (const { local } of node.specifiers) scope.names.add(local.name);
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
  // The body shares the scope of the parameters, which makes no difference for free names.
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

/** Visits every node below `node`, so that a construct that is not handled above hides nothing. */
function visitChildren(node: AnyNode, scope: Scope, references: References): void {
  for (const child of childrenOf(node)) visit(child, scope, references);
}

/** Returns the nodes that are members of `node`, in the order of its members. */
export function childrenOf(node: Node): readonly AnyNode[] {
  const children: AnyNode[] = [];
  const members = node as unknown as Readonly<Record<string, unknown>>;
  // A start checks the glue of each plugin, whose nodes are tens of thousands: no iterators, and no copies of members.
  for (const name in members) {
    const value = members[name];
    if (Array.isArray(value)) {
      for (const each of value) if (isNode(each)) children.push(each);
    } else if (isNode(value)) children.push(value);
  }
  return children;
}

const isNode = (value: unknown): value is AnyNode =>
  typeof value === 'object' && value !== null && typeof (value as { readonly type?: unknown }).type === 'string';
