import type { ImportDraft } from './import-draft.ts';
import type { Text } from './imported.ts';
import { isPlain, isSecretName, looksSecret } from './secret-text.ts';

/** A prompt of VS Code, whose answer replaces `${input:id}`. */
export interface Input {
  readonly description?: string | undefined;
  readonly password?: boolean | undefined;
  readonly default?: string | undefined;
}

/** Reads the texts of one server in a client's file. */
export class ClientTexts {
  readonly #draft: ImportDraft;
  readonly #server: string;
  readonly #inputs: ReadonlyMap<string, Input>;

  constructor(draft: ImportDraft, server: string, inputs: ReadonlyMap<string, Input>) {
    this.#draft = draft;
    this.#server = server;
    this.#inputs = inputs;
  }

  /** Reads a value that may be secret: of an environment variable, or of a header. */
  value(name: string, text: string, what: string): Text {
    if (isPlain(text)) return [text];
    const parts = this.#references(text, what);
    const words = parts.filter(part => typeof part === 'string');
    const keepsWords = parts.length > words.length && !words.some(looksSecret);
    return keepsWords ? parts : [this.#draft.variable(name, { server: this.#server, what, value: text })];
  }

  /** Reads a command, a path or a URL, which is a secret only if it looks like one. */
  place(name: string, text: string, what: string): Text {
    if (looksSecret(text)) return [this.#draft.variable(name, { server: this.#server, what, value: text })];
    return this.#references(text, what);
  }

  /** Reads arguments. The value of an option such as `--api-key` is a secret. */
  args(args: readonly string[]): readonly Text[] {
    return args.map((arg, index) => {
      const what = `argument ${index + 1}`;
      const [, option, value] = /^(--?[\w-]+)=([\s\S]*)$/.exec(arg) ?? [];
      if (option !== undefined && value !== undefined && isSecretName(option)) {
        return [`${option}=`, ...this.value(option, value, what)];
      }
      const before = args[index - 1];
      const [, variable, content] = before === '-e' || before === '--env' ? (/^(\w+)=([\s\S]*)$/.exec(arg) ?? []) : [];
      if (variable !== undefined && content !== undefined)
        return [`${variable}=`, ...this.value(variable, content, what)];
      const isHeader = before === '--header' || before === '-H';
      const isSecret = before?.startsWith('-') && isSecretName(before) && !arg.startsWith('-');
      if (isHeader || isSecret) return this.value(isHeader ? `${this.#server}_header` : (before ?? ''), arg, what);
      return this.place(`${this.#server}_argument_${index + 1}`, arg, what);
    });
  }

  /** Replaces what a client would replace: `${NAME}`, `${env:NAME}`, `${input:id}`, `${workspaceFolder}`. */
  #references(text: string, what: string): Text {
    const parts: Text[number][] = [];
    let at = 0;
    for (const found of text.matchAll(/\$\{([A-Za-z_]\w*(?::[^{}]*)?|\/)\}/g)) {
      parts.push(text.slice(at, found.index), ...this.#reference(found[1] ?? '', what));
      at = found.index + found[0].length;
    }
    return [...parts, text.slice(at)].filter(part => part !== '');
  }

  #reference(reference: string, what: string): Text {
    const server = this.#server;
    const [, name, fallback] = /^(?:env:)?([A-Za-z_]\w*)(?::-(.*))?$/.exec(reference) ?? [];
    if (reference === 'userHome') return [{ name: 'HOME' }];
    if (reference === '/' || reference === 'pathSeparator') return ['/'];
    if (name !== undefined && !editorVariables.has(name)) {
      const about = { server, what, ...(fallback !== undefined && !looksSecret(fallback) && { default: fallback }) };
      return [this.#draft.existing(name, about)];
    }
    const [, id] = /^input:(.+)$/.exec(reference) ?? [];
    const input = id === undefined ? undefined : this.#inputs.get(id);
    if (id !== undefined && input === undefined) this.#draft.note(server, what, `the file has no input ${id}`);
    const preset = input?.password === true ? undefined : input?.default;
    const about = {
      server,
      what: input?.description ?? what,
      value: `\${${reference}}`,
      ...(preset !== undefined && !/[{}]/.test(preset) && !looksSecret(preset) && { default: preset }),
    };
    if (id === undefined) {
      this.#draft.note(server, what, `\${${reference}} is known to the editor only: set the variable instead`);
    }
    return [this.#draft.variable(id ?? reference, about)];
  }
}

/** Names without a prefix that editors replace. */
const editorVariables = new Set([
  ...['workspaceFolder', 'workspaceFolderBasename', 'workspaceRoot', 'file', 'fileBasename', 'fileDirname', 'cwd'],
  ...['relativeFile', 'selectedText', 'execPath', 'defaultBuildTask'],
]);
