import { Fault, Faults } from '@sallyport/host/core';
import type { Imported, ImportedUpstream, ImportedVariable, ImportNote, Variable } from './imported.ts';

/** Collects what is read from the file of another program: upstreams, variables, notes, and problems. */
export class ImportDraft {
  readonly #file: string;
  readonly #reserved: ReadonlySet<string>;
  readonly #upstreams: ImportedUpstream[] = [];
  readonly #secrets = new Map<string, string>();
  readonly #variables = new Map<string, ImportedVariable & { readonly value: string }>();
  readonly #notes: ImportNote[] = [];
  readonly #problems: Fault[] = [];

  /** @param reserved names of variables that the file itself refers to, which stand for nothing else */
  constructor(file: string, reserved: ReadonlySet<string> = new Set()) {
    this.#file = file;
    this.#reserved = reserved;
  }

  /** Reports that the file is wrong at a place. */
  problem(path: string, what: string): void {
    this.#problems.push(new Fault('import_invalid', { file: this.#file, path, what }));
  }

  /** Reports what is left out or changed. */
  note(server: string, what: string, why: string): void {
    this.#notes.push({ server, what, why });
  }

  /** Returns an id for a server, which is not taken yet. */
  id(name: string): string {
    const words = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '');
    const base = (/^[a-z]/.test(words) ? words : `server-${words}`).slice(0, 60).replace(/-+$/, '');
    let id = base;
    for (let next = 2; this.#upstreams.some(each => each.id === id); next += 1) id = `${base}-${next}`;
    if (id !== name) this.note(name, 'its name', `an id has lower-case letters, digits and dashes: it is ${id}`);
    return id;
  }

  /** Returns the variable of this very name, to which the file refers. */
  existing(
    name: string,
    about: { readonly server: string; readonly what: string; readonly default?: string },
  ): Variable {
    const { default: preset, ...rest } = about;
    const optional = preset !== undefined && (this.#variables.get(name)?.optional ?? true);
    this.#variables.set(name, { name, ...rest, optional, value: `\${${name}}` });
    return preset === undefined ? { name } : { name, default: preset };
  }

  /** Returns a new variable for a value. Places that want the same name for the same value share it. */
  variable(
    wanted: string,
    about: { readonly server: string; readonly what: string; readonly value: string; readonly default?: string },
  ): Variable {
    const { server, what, value, default: preset } = about;
    const own = variableName(wanted);
    const prefixed = `${variableName(server)}_${own}`;
    let name = own;
    for (let next = 1; !this.#fits(name, value); next += 1) name = next === 1 ? prefixed : `${prefixed}_${next}`;
    const optional = preset !== undefined && (this.#variables.get(name)?.optional ?? true);
    this.#variables.set(name, { ...(this.#variables.get(name) ?? { name, server, what, value }), optional });
    return preset === undefined ? { name } : { name, default: preset };
  }

  #fits(name: string, value: string): boolean {
    const known = this.#variables.get(name);
    return !this.#reserved.has(name) && !namesOfSystem.has(name) && (known === undefined || known.value === value);
  }

  /** Returns the name of a secret whose value is a variable. */
  secret(server: string, { name: env }: Variable): string {
    const base = `${server}-token`.slice(0, 60);
    let name = base;
    for (let next = 2; (this.#secrets.get(name) ?? env) !== env; next += 1) name = `${base}-${next}`;
    this.#secrets.set(name, env);
    return name;
  }

  add(upstream: ImportedUpstream): void {
    this.#upstreams.push(upstream);
  }

  /** Returns all that was read. @throws Faults `import_invalid`, every problem of the file */
  finish(): Imported {
    if (this.#problems.length === 0 && this.#upstreams.length === 0) {
      this.problem('', 'it has no server that can be imported');
    }
    // What was left out explains why nothing is left.
    const hint = this.#notes.map(({ server, what, why }) => `${server}: ${what}: ${why}`).join('; ');
    if (this.#problems.length > 0) {
      throw new Faults(
        this.#problems.map(each => (hint === '' || each.details.path !== '' ? each : each.with({ hint }))),
      );
    }
    return {
      upstreams: this.#upstreams,
      secrets: [...this.#secrets].map(([name, env]) => ({ name, env })),
      variables: [...this.#variables.values()].map(({ value: _, ...each }) => each),
      notes: this.#notes,
    };
  }
}

/** Variables that every process has, and needs. */
const namesOfSystem = new Set(['PATH', 'HOME', 'USER', 'SHELL', 'PWD', 'TMPDIR', 'LANG', 'NODE_OPTIONS', 'PORT']);

/** Returns a name for a variable of the environment. */
export function variableName(text: string): string {
  const name = text
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toUpperCase();
  return /^[A-Z]/.test(name) ? name : `VALUE_${name}`;
}
