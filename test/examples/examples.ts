/** A plugin of plugins-examples/, and what a client sees of it behind a gateway. */
export interface Example {
  /** Its folder, which is its id too. */
  readonly id: string;
  /** The program without which it cannot be built. */
  readonly needs?: string;
  /** The example whose cases are its cases too: the same plugin in another language. */
  readonly casesOf?: string;
  /** What the operator's file says of it: grants, config. */
  readonly plugin?: Readonly<Record<string, unknown>>;
  /** A call of the tool `echo` of the reference server, which answers `Echo: ` and the message. */
  readonly message: string;
  /** Part of the answer, or of the error, as JSON. */
  readonly sees: string;
}

const redactsEmails = { message: 'write to alice@example.com', sees: 'Echo: write to [redacted]' };

/** Every example. A new one is a folder, and a line here. */
export const examples: readonly Example[] = [
  { id: 'redact-emails', ...redactsEmails },
  { id: 'redact-emails-rust', needs: 'wasm-ld-22', casesOf: 'redact-emails', ...redactsEmails },
  { id: 'redact-emails-go', needs: 'go', casesOf: 'redact-emails', ...redactsEmails },
];
