/** A variable of the gateway's environment, which the operator sets. */
export interface Variable {
  readonly name: string;
  readonly default?: string;
}

/** A text of the configuration, with variables for what must not be in a file. */
export type Text = readonly (string | Variable)[];

/** An upstream of the configuration to write. */
export interface ImportedUpstream {
  readonly id: string;
  readonly stdio?: {
    readonly command: Text;
    readonly args?: readonly Text[];
    readonly env?: Readonly<Record<string, Text>>;
    readonly cwd?: Text;
  };
  readonly http?: { readonly url: Text; readonly headers?: Readonly<Record<string, Text>> };
  readonly auth?: { readonly static: { readonly secret: string; readonly scheme?: string } };
}

/** Something of the imported file that is not in the configuration, or that differs there. */
export interface ImportNote {
  readonly server: string;
  readonly what: string;
  readonly why: string;
}

/** A variable that the configuration uses, and what it stands for. */
export interface ImportedVariable {
  readonly name: string;
  readonly server: string;
  readonly what: string;
  /** Whether the gateway starts without it. */
  readonly optional: boolean;
}

/** What was read from a file of another program. */
export interface Imported {
  readonly upstreams: readonly ImportedUpstream[];
  readonly secrets: readonly { readonly name: string; readonly env: string }[];
  readonly variables: readonly ImportedVariable[];
  readonly notes: readonly ImportNote[];
}
